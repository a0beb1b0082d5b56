"""The catalogue entry of an engine, from the facts in `service/knowledge`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service.engines.engine import Engine, EngineOption
from service.knowledge import facts, value
from service.model.engine import Version


@dataclass(frozen=True, slots=True)
class Edition:
    """What one reading of the sources says about a capability."""

    edition: str
    """"2024" for the article of that year, "newest" for the newest text that was read."""
    support: str
    note: str
    source: str
    as_of: str


@dataclass(frozen=True, slots=True)
class CapabilityRow:
    """A capability on one node operating system, in every edition."""

    capability: str
    title: str
    node_os: str
    editions: tuple[Edition, ...]


@dataclass(frozen=True, slots=True)
class Retirement:
    """A day from which something is out of support."""

    id: str
    what: str
    date: str
    node_os: str | None
    detail: str
    source: str
    as_of: str


@dataclass(frozen=True, slots=True)
class KubernetesPairing:
    """The engine version that AKS runs on a Kubernetes version."""

    kubernetes: str
    version: str


@dataclass(frozen=True, slots=True)
class EngineDescription:
    """All that the catalogue says about an engine."""

    name: str
    title: str
    migration_target: bool
    versions: tuple[str, ...]
    default_version: str | None
    versions_by_kubernetes: tuple[KubernetesPairing, ...]
    options: tuple[EngineOption, ...]
    capabilities: tuple[CapabilityRow, ...]
    retirements: tuple[Retirement, ...]


def describe(engine: Engine) -> EngineDescription:
    """The catalogue entry of an engine."""
    return EngineDescription(
        name=engine.name,
        title=engine.title,
        migration_target=engine.migration_target,
        versions=engine.versions,
        default_version=engine.default_version,
        versions_by_kubernetes=_pairings(engine),
        options=engine.options,
        capabilities=tuple(
            _capability(row) for row in value("capabilities", "engines").get(engine.name, ())
        ),
        retirements=tuple(
            _retirement(row)
            for row in value("retirements", "retirements")
            if engine.name in row.get("engines", ())
        ),
    )


def _pairings(engine: Engine) -> tuple[KubernetesPairing, ...]:
    rows = facts("cilium")["versionByKubernetes"]["value"]
    return tuple(
        KubernetesPairing(row["kubernetes"], str(found))
        for row in rows
        if (found := engine.version_for_kubernetes(Version.parse(row["kubernetes"]))) is not None
    )


def _capability(row: Mapping[str, Any]) -> CapabilityRow:
    return CapabilityRow(
        row["capability"],
        row["title"],
        row["nodeOs"],
        tuple(
            Edition(edition, each["support"], each["note"], each["source"], each["asOf"])
            for edition, each in row["editions"].items()
        ),
    )


def _retirement(row: Mapping[str, Any]) -> Retirement:
    return Retirement(
        row["id"],
        row["what"],
        row["date"],
        row.get("nodeOs"),
        row["detail"],
        row["source"],
        row["asOf"],
    )
