"""Shorthand for tests of reading: texts in, values or faults out."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

import pytest

from service.manifests.faults import Fault, UploadRefused
from service.manifests.limits import DEFAULT_LIMITS, Limits
from service.manifests.reader import Upload, UploadPart, read_upload
from service.model.inventory import Pod
from service.model.network_policy import NetworkPolicy


def read(*texts: str, media_type: str = "", limits: Limits = DEFAULT_LIMITS) -> Upload:
    """What the reader makes of texts, each of them a part."""
    return read_upload([UploadPart(dedent(each).encode(), media_type) for each in texts], limits)


def faults_of(
    *texts: str, media_type: str = "", limits: Limits = DEFAULT_LIMITS
) -> tuple[Fault, ...]:
    """The faults for which the reader refuses texts."""
    with pytest.raises(UploadRefused) as refused:
        read(*texts, media_type=media_type, limits=limits)
    return refused.value.faults


def codes_of(*texts: str, media_type: str = "") -> list[tuple[str, str]]:
    """Codes and pointers of the faults."""
    return [(each.code, each.pointer) for each in faults_of(*texts, media_type=media_type)]


def policy_text(spec: str, metadata: str = "{name: a, namespace: x}") -> str:
    """A NetworkPolicy whose spec is given in YAML flow style."""
    return (
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
        f"metadata: {metadata}\nspec: {spec}\n"
    )


def normalised_spec(spec: str) -> dict[str, Any]:
    """The spec of a NetworkPolicy as it is normalised."""
    (document,) = read(policy_text(spec)).policies
    found: dict[str, Any] = document.normalised["spec"]
    return found


def policy(spec: str) -> NetworkPolicy:
    """The typed value of a NetworkPolicy."""
    (document,) = read(policy_text(spec)).policies
    assert isinstance(document.policy, NetworkPolicy)
    return document.policy


def only_pod(*texts: str) -> Pod:
    """The one pod of an upload."""
    (pod,) = read(*texts).inventory.pods
    return pod
