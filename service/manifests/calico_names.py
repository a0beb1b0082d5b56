"""Names and labels of Calico objects in both API forms.

Open-source Calico stores a policy of the default tier as `default.<name>`. Since 3.30 an
annotation of the stored object holds the name that the user wrote, and all labels.
Source: projectcalico/calico libcalico-go/lib/backend/k8s/resources/resources.go.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from service.model.calico import DEFAULT_TIER, STORED_API
from service.model.policy import PolicyRef

#: What calicoctl and Calico's API server take; native CRDs (3.32) take any object's name.
_LABEL = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_POLICY_NAME = re.compile(
    rf"{_LABEL}(?:\.{_LABEL})?|(?:knp|ossg)\.default\.{_LABEL}(?:\.{_LABEL})*"
)
METADATA_ANNOTATION = "projectcalico.org/metadata"
_TIERED = frozenset(
    {
        *("NetworkPolicy", "GlobalNetworkPolicy"),
        *("StagedNetworkPolicy", "StagedGlobalNetworkPolicy"),
    }
)


@dataclass(frozen=True, slots=True)
class CalicoName:
    """An object's identity, with the name as the user wrote it."""

    ref: PolicyRef
    written: str
    """`metadata.name` of the document."""


@dataclass(frozen=True, slots=True)
class Annotated:
    """What the annotation of a stored object says."""

    name: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    fault: str = ""
    """Why Calico cannot read it, and with it the object."""
    text: str = ""
    """All of it, where it has a fault."""


def name_of(
    api_version: str,
    kind: str,
    written: str,
    namespace: str = "",
    *,
    annotated: str = "",
    tier: str = "",
) -> CalicoName:
    """The identity of an object, normalised as Calico does it."""
    name = written
    if api_version == STORED_API and kind in _TIERED:
        name = annotated or written
        if name == written and tier in {"", DEFAULT_TIER}:
            name = written.removeprefix(f"{DEFAULT_TIER}.")
    return CalicoName(PolicyRef(kind, namespace, name, api_version), written)


def read_annotation(metadata: Any) -> Annotated:
    """The annotation of a stored object's metadata, if there is one."""
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    text = annotations.get(METADATA_ANNOTATION) if isinstance(annotations, Mapping) else None
    if not isinstance(text, str):
        return Annotated()
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return Annotated(fault="is not JSON", text=text)
    if not isinstance(found, dict):
        return Annotated(fault="is no object", text=text)
    given = {key: value for key, value in found.items() if value is not None}
    name, labels = given.get("name", ""), given.get("labels", {})
    if not isinstance(name, str):
        return Annotated(fault="has a name that is no text", text=text)
    if not isinstance(labels, dict) or not all(isinstance(each, str) for each in labels.values()):
        return Annotated(fault="has labels that are no texts", text=text)
    return Annotated(name, labels)


def has_odd_name(name: CalicoName) -> bool:
    """Whether most of Calico's own tools would refuse the name of a policy."""
    ref = name.ref
    is_policy = ref.api_version != STORED_API and ref.kind in _TIERED
    return is_policy and _POLICY_NAME.fullmatch(name.written) is None
