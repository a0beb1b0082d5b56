"""What a report is asked for: engines, date and stated facts, read with every fault at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from service.analysis.stated import StatedFacts, Target
from service.engines.registry import engine_named, resolve_profile
from service.model.cluster import ClusterRecord, EngineChoice, Ipam
from service.model.engine import EngineProfile
from service.usecases.errors import FieldError, Invalid
from service.usecases.stated_json import check_range, read_facts

Faults = list[FieldError]


@dataclass(frozen=True, slots=True)
class ReportWish:
    """What a report is to be about; without a target it is about one engine, `profile`.

    In a migration `profile` is the engine that the cluster has.
    """

    profile: EngineProfile
    as_of: date
    target: Target | None = None
    stated: StatedFacts = field(default_factory=StatedFacts)


@dataclass(frozen=True, slots=True)
class _Pointers:
    """Where a request says the parts of an engine."""

    name: str
    version: str
    options: str


def read_compatibility(
    document: Mapping[str, Any], record: ClusterRecord, today: date
) -> ReportWish:
    """The wish for a compatibility report (`engine`, `asOf`, `facts`), or `Invalid`."""
    faults: Faults = []
    profile = _profile(document.get("engine"), record, "engine", faults)
    as_of = _as_of(document, today, faults)
    stated = _stated(document, faults)
    if profile is None or faults:
        raise _invalid(faults)
    return ReportWish(profile, as_of, None, stated)


def read_migration(document: Mapping[str, Any], record: ClusterRecord, today: date) -> ReportWish:
    """The wish for a migration report: besides those above `target` and `source`, or `Invalid`."""
    faults: Faults = []
    source = _profile(document.get("source"), record, "source", faults)
    target = _target(document, record, faults)
    as_of = _as_of(document, today, faults)
    stated = _stated(document, faults)
    if source is None or target is None or faults:
        raise _invalid(faults)
    return ReportWish(source, as_of, target, stated)


def _choice(given: Any) -> EngineChoice | None:
    """An engine given as a text or as an object; what is neither has been refused before."""
    if isinstance(given, str):
        return EngineChoice(given)
    if isinstance(given, Mapping):
        return EngineChoice(given["name"], given.get("version"), given.get("options") or {})
    return None


def _profile(given: Any, record: ClusterRecord, name: str, faults: Faults) -> EngineProfile | None:
    asked = _choice(given) or record.engine
    if asked is None:
        detail = "the cluster's engine is not known; name one"
        faults.append(FieldError(f"/{name}", detail, "Required"))
        return None
    pointer = f"/{name}"
    if not isinstance(given, Mapping):
        return _resolved(asked, record, _Pointers(pointer, pointer, pointer), faults)
    parts = _Pointers(f"{pointer}/name", f"{pointer}/version", f"{pointer}/options")
    return _resolved(asked, record, parts, faults)


def _target(document: Mapping[str, Any], record: ClusterRecord, faults: Faults) -> Target | None:
    choice = EngineChoice(
        document["target"], document.get("targetVersion"), document.get("targetOptions") or {}
    )
    pointers = _Pointers("/target", "/targetVersion", "/targetOptions")
    profile = _resolved(choice, record, pointers, faults)
    if profile is not None and not engine_named(profile.engine).migration_target:
        detail = f"{profile.engine} is no engine that a cluster can be moved to"
        faults.append(FieldError("/target", detail, "NoMigrationTarget"))
    ipam = _ipam(document.get("targetIpam"), faults)
    pod_cidr: str | None = document.get("targetPodCidr")
    if pod_cidr is not None:
        faults.extend(check_range(pod_cidr, "/targetPodCidr"))
    return None if profile is None else Target(profile, ipam, pod_cidr)


def _resolved(
    choice: EngineChoice, record: ClusterRecord, pointers: _Pointers, faults: Faults
) -> EngineProfile | None:
    """The profile; the first part that cannot be resolved is the fault."""
    running = record.kubernetes_version
    pointer = pointers.name
    try:
        found = resolve_profile(choice.name, None, {}, running)
        pointer = pointers.version
        if choice.version:
            found = resolve_profile(choice.name, choice.version, {}, running)
        pointer = pointers.options
        if choice.options:
            found = resolve_profile(choice.name, choice.version, choice.options, running)
    except ValueError as error:
        faults.append(FieldError(pointer, str(error), "InvalidEngine"))
        return None
    return found


def _ipam(given: str | None, faults: Faults) -> Ipam | None:
    if given is None:
        return None
    try:
        return Ipam(given)
    except ValueError:
        detail = f"must be one of {', '.join(each.value for each in Ipam)}"
        faults.append(FieldError("/targetIpam", detail, "BadValue"))
        return None


def _as_of(document: Mapping[str, Any], today: date, faults: Faults) -> date:
    given = document.get("asOf")
    if given is None:
        return today
    found = read_date(given)
    if found is None:
        faults.append(FieldError("/asOf", "must be a day such as 2026-11-22", "InvalidDate"))
        return today
    return found


def read_date(text: str) -> date | None:
    """The day of a text in the form 2026-11-22; None for any other text."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    # Python also reads 20261122 and 2026-W47-7.
    return found if found.isoformat() == text else None


def _stated(document: Mapping[str, Any], faults: Faults) -> StatedFacts:
    given = document.get("facts")
    found = None if given is None else read_facts(given, "/facts", faults)
    return found or StatedFacts()


def _invalid(faults: Faults) -> Invalid:
    return Invalid("InvalidReportRequest", "what was asked breaks a rule", faults)
