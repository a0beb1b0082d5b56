"""Which engine reads which policy kind, from `service/knowledge/kinds.json`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from service.knowledge import entry_at, value
from service.model.engine import EngineProfile, Version
from service.model.policy import Policy, PolicyRef


def group_of(ref: PolicyRef) -> str:
    """The API group of a policy."""
    return ref.api_version.rpartition("/")[0]


def kind_entry(ref: PolicyRef) -> Mapping[str, Any] | None:
    """What is known of a policy's kind; None for one that is not in the table."""
    for each in value("kinds", "policyKinds"):
        if each["apiGroup"] == group_of(ref) and ref.kind in each["kinds"]:
            return each  # type: ignore[no-any-return]
    return None


def family(ref: PolicyRef) -> str | None:
    """The family of a kind: kubernetes, calico, cilium or admin."""
    entry = kind_entry(ref)
    return entry["family"] if entry else None


def of_family(policies: Iterable[Policy], name: str) -> tuple[Policy, ...]:
    """The policies of one family."""
    return tuple(each for each in policies if family(each.ref) == name)


def is_read_by(ref: PolicyRef, engine: str) -> bool:
    """Whether an engine is documented to read a policy of this kind on AKS."""
    entry = kind_entry(ref)
    return entry is not None and engine in entry["readBy"]


def is_read_upstream(ref: PolicyRef, profile: EngineProfile) -> bool:
    """Whether the engine's own release reads the kind, whatever AKS says about it."""
    entry = kind_entry(ref)
    path = (entry or {}).get("readUpstream", {}).get(profile.engine)
    if path is None or profile.version is None:
        return is_read_by(ref, profile.engine)
    bounds = entry_at(path)
    before = bounds.get("before")
    return profile.version >= Version.parse(bounds["since"]) and (
        before is None or profile.version < Version.parse(before)
    )


def calico_definitions(names: Iterable[str]) -> tuple[str, ...]:
    """The custom resource definitions that Calico brings."""
    endings = tuple(value("kinds", "calicoResources"))
    return tuple(each for each in names if each.endswith(endings))
