"""Names of Calico objects in both API forms.

Open-source Calico stores a policy of the default tier as `default.<name>`; since 3.30 the name
that the user wrote stands in an annotation beside it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service.model.calico import DEFAULT_TIER, STORED_API
from service.model.policy import PolicyRef

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


def name_of(api_version: str, kind: str, metadata: Mapping[str, Any], tier: str = "") -> CalicoName:
    """The identity of an object, normalised as Calico does it."""
    written = str(metadata.get("name") or "")
    namespace = str(metadata.get("namespace") or "")
    name = written
    if api_version == STORED_API and kind in _TIERED:
        name = _from_annotation(metadata) or written
        if name == written and tier in {"", DEFAULT_TIER}:
            name = written.removeprefix(f"{DEFAULT_TIER}.")
    return CalicoName(PolicyRef(kind, namespace, name, api_version), written)


def _from_annotation(metadata: Mapping[str, Any]) -> str:
    annotations = metadata.get("annotations")
    if not isinstance(annotations, Mapping):
        return ""
    text = annotations.get(METADATA_ANNOTATION)
    if not isinstance(text, str):
        return ""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    name = found.get("name") if isinstance(found, dict) else None
    return name if isinstance(name, str) else ""
