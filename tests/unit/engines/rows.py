"""The form of a row: a manifest, a flow, and what each engine answers.

Engines are named as profiles (`cilium:1.16`, `npm?fixes=2026-09`); `windows` is NPM where all
nodes run Windows. The cluster is that of the shared vectors.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

import pytest

from service.model.flow import Flow
from service.model.snapshot import Snapshot
from service.model.verdict import Decision, Verdict
from tests.builders import Manifest, evaluator, flow, network_policy, snapshot
from tests.vectors.shorthand import fixture_manifests

ENFORCING = "kubernetes npm windows calico cilium"
EVERY_CILIUM = "cilium:1.14 cilium:1.15 cilium:1.16 cilium:1.17 cilium:1.18 cilium:1.19"
FIXED = "npm?fixes=2026-09"


@dataclass(frozen=True)
class Row:
    """A row of semantics.md, section 7, or a line that makes one of its remarks precise."""

    number: str
    what: str
    given: str | Mapping[str, str]
    """One spec, of a policy in namespace `shop`; or several by `namespace/name`."""
    flow: str | Flow
    allow: str = ""
    deny: str = ""
    unknown: Mapping[str, str] = field(default_factory=dict)
    """Engines that leave the answer open, each with the code of one of the assumptions."""
    also: tuple[Manifest, ...] = ()
    """Objects beyond those of the fixture."""
    before: str = ""
    """An earlier spec of the policy, which was applied."""
    traffic_policy: str = ""
    """The fixture's Service is a load balancer with this externalTrafficPolicy."""

    def manifests(self) -> list[Manifest]:
        given = {"shop/policy": self.given} if isinstance(self.given, str) else self.given
        return [*self.also, *(network_policy(spec, place) for place, spec in given.items() if spec)]

    def verdict(self, engine: str) -> Verdict:
        name, os = engine, "linux"
        if engine.startswith("windows"):
            name, os = "npm" + engine.removeprefix("windows"), "windows"
        return evaluator(self._snapshot(os), name).evaluate(
            flow(self.flow) if isinstance(self.flow, str) else self.flow
        )

    def _snapshot(self, os: str) -> Snapshot:
        earlier = [network_policy(self.before, "shop/policy")] if self.before else []
        return snapshot(
            *_fixture(os, self.traffic_policy), *self.manifests(), applied_before=earlier
        )


@cache
def _fixture(os: str, traffic_policy: str) -> tuple[Manifest, ...]:
    return tuple(fixture_manifests(os, traffic_policy))


def answers(rows: Iterable[Row]) -> list[object]:
    """One parameter set for each row and engine."""
    found: list[object] = []
    for row in rows:
        expected = {
            **dict.fromkeys(row.allow.split(), "Allow"),
            **dict.fromkeys(row.deny.split(), "Deny"),
            **dict(row.unknown),
        }
        assert len(expected) == len(row.allow.split()) + len(row.deny.split()) + len(row.unknown)
        for engine, answer in expected.items():
            found.append(pytest.param(row, engine, answer, id=f"{row.number}-{row.what}-{engine}"))
    return found


def check(row: Row, engine: str, expected: str) -> None:
    """`expected` is a decision, or the code of an assumption that an Unknown names."""
    verdict = row.verdict(engine)
    if expected in {"Allow", "Deny"}:
        assert verdict.decision.value == expected, verdict
        assert not verdict.assumptions
    else:
        assert verdict.decision is Decision.UNKNOWN, verdict
        assert expected in {each.code for each in verdict.assumptions}
