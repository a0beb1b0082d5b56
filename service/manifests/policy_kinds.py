"""Which module reads which policy kind. A policy API plugs in with one line of `_READ`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from service.manifests import admin_policy, calico, cilium, network_policy
from service.manifests.admin_policy import read_admin_policy
from service.manifests.calico import read_calico
from service.manifests.cilium import read_cilium
from service.manifests.network_policy import read_network_policy
from service.manifests.network_policy_values import build_network_policy
from service.manifests.readings import ReadingLike
from service.manifests.unread_policy import is_policy_kind, read_unread_policy
from service.model.policy import Policy, PolicyRef, Position

Read = Callable[[Mapping[str, Any], Position], ReadingLike]
Build = Callable[[Mapping[str, Any], PolicyRef, Position], Policy]


@dataclass(frozen=True, slots=True)
class PolicyKind:
    """How a kind is read; `build` makes the value of a normalised form without checking it again.

    Without `build`, the normalised form is read like an upload.
    """

    read: Read
    build: Build | None = None
    is_read: bool = True
    is_custom: bool = True
    """False for what is part of Kubernetes and checks its own metadata."""


UNREAD = PolicyKind(read_unread_policy, is_read=False)

_NETWORK_POLICY = PolicyKind(read_network_policy, build_network_policy, is_custom=False)
_READ: dict[tuple[str, str], PolicyKind] = {
    **dict.fromkeys(network_policy.KINDS, _NETWORK_POLICY),
    **dict.fromkeys(admin_policy.KINDS, PolicyKind(read_admin_policy)),
    **dict.fromkeys(calico.KINDS, PolicyKind(read_calico)),
    **dict.fromkeys(cilium.KINDS, PolicyKind(read_cilium)),
}


def policy_kind(api_version: str, kind: str) -> PolicyKind | None:
    """How to read a kind; None where it is no policy."""
    found = _READ.get((api_version, kind))
    if found is None and is_policy_kind(api_version, kind):
        return UNREAD
    return found
