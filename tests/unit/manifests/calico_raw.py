"""Calico's objects as raw values, and what the reader makes of them."""

from __future__ import annotations

from typing import Any

import yaml

from service.manifests.calico import read_calico
from service.model.calico import (
    API,
    CalicoPolicy,
)


def given(
    kind: str, spec: str = "{}", api: str = API, namespace: str = "", **metadata: Any
) -> dict[str, Any]:
    named = {"name": "x", **({"namespace": namespace} if namespace else {}), **metadata}
    return {"apiVersion": api, "kind": kind, "metadata": named, "spec": yaml.safe_load(spec)}


def rule(text: str, direction: str = "ingress") -> dict[str, Any]:
    """A global policy with one rule; the rule's action is Allow unless it says otherwise."""
    body = yaml.safe_load(text)
    spec = {direction: [{"action": "Allow", **body}]}
    return {
        "apiVersion": API,
        "kind": "GlobalNetworkPolicy",
        "metadata": {"name": "x"},
        "spec": spec,
    }


def policy(raw: dict[str, Any]) -> CalicoPolicy:
    reading = read_calico(raw)
    assert not reading.is_refused, reading.notes
    assert isinstance(reading.value, CalicoPolicy)
    return reading.value


def faults(raw: dict[str, Any]) -> list[tuple[str, str]]:
    reading = read_calico(raw)
    found = [(each.code, each.pointer) for each in reading.notes if each.severity is None]
    assert bool(found) is reading.is_refused
    assert (reading.value is None) is bool(found)
    return found
