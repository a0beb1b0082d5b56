"""What an engine module offers to the registry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from service.model.admin_policy import AdminPolicy
from service.model.engine import EngineProfile, Version
from service.model.finding import Finding, Severity
from service.model.network_policy import NetworkPolicy
from service.model.pipeline import Pipeline
from service.model.policy import Policy
from service.model.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class EngineOption:
    """An option of a profile; the first allowed value is the default."""

    name: str
    allowed: tuple[str, ...]
    description: str
    since: Mapping[str, str] = field(default_factory=dict)
    """The first version that has a value, for values that not every version has."""


@dataclass(frozen=True, slots=True)
class Engine:
    """A compiler with its name, versions and options."""

    name: str
    title: str
    compile: Callable[[Snapshot, EngineProfile], Pipeline]
    versions: tuple[str, ...] = ()
    default_version: str | None = None
    version_for_kubernetes: Callable[[Version], Version | None] = lambda kubernetes: None
    options: tuple[EngineOption, ...] = ()
    migration_target: bool = True


def option(profile: EngineProfile, options: tuple[EngineOption, ...], name: str) -> str:
    """The value of an option, or its default."""
    default = next(each.allowed[0] for each in options if each.name == name)
    return profile.options.get(name, default)


def unread_policies(
    policies: tuple[Policy, ...],
    reads: tuple[type, ...] = (NetworkPolicy,),
    admin_kinds: frozenset[str] = frozenset(),
) -> tuple[Finding, ...]:
    """A finding for each policy that the engine, or this program, does not read.

    The three kinds of admin policies are one type; `admin_kinds` names those that are read.
    """
    return tuple(
        Finding(
            "PolicyKindNotRead",
            Severity.HIGH,
            f"{each.ref.kind} ({each.ref.api_version}) is not read and has no part in any verdict",
            each.ref,
        )
        for each in policies
        if not isinstance(each, reads)
        and not (isinstance(each, AdminPolicy) and each.ref.kind in admin_kinds)
    )
