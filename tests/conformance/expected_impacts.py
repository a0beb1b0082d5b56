"""What an impact between two engines has to hold of each shared vector, for tests at any level.

The verdicts on the flow of a case decide: where two engines differ, the impact lists the flow
with the change and the rules that explain it; where they agree it does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import permutations

from service.analysis.causes import Causes
from service.analysis.compare import CHANGES, Change
from service.analysis.evaluate import Evaluator
from service.engines.registry import compile_pipeline
from service.model.flow import Flow, PodEnd, ServiceEnd
from service.model.pipeline import Pipeline
from service.model.snapshot import Snapshot
from service.model.verdict import Verdict
from tests.builders import profile, snapshot
from tests.vectors.shorthand import CASES, MANIFEST_OF, Case, fixture_manifests

#: The profiles that are compared, by the operating system of all nodes.
PROFILES = {
    "linux": ("npm", "npm?fixes=2026-09", "calico", "calico:3.29", "cilium", "cilium:1.16",
              "cilium:1.19", "none"),
    # Cilium has no Windows nodes.
    "windows": ("npm", "npm?fixes=2026-09", "calico", "none"),
}  # fmt: skip
ASKED = [each for each in CASES if each.kinds <= MANIFEST_OF.keys() and not each.is_validation]
BY_ID = {each.id: each for each in ASKED}


@dataclass(frozen=True)
class Expected:
    """What two engines say to the flow of a case. `change` None: they agree."""

    case: Case
    os: str
    source: str
    target: str
    change: Change | None
    rules: frozenset[str]

    def __str__(self) -> str:
        return f"{self.case.id} {self.os} {self.source} {self.target}"


def engine_of(text: str) -> str:
    """The engine of a profile as it is written."""
    return text.partition("?")[0].partition(":")[0]


@cache
def snapshot_of(case_id: str, os: str) -> Snapshot:
    """The fixture with the objects of a case."""
    case = BY_ID[case_id]
    return snapshot(
        *fixture_manifests(os, case.traffic_policy),
        *case.manifests(),
        applied_before=case.applied_before(),
    )


@cache
def answer(case_id: str, os: str, engine: str) -> tuple[Pipeline, Verdict]:
    """The pipeline of a profile, and its verdict on the flow of a case."""
    case, found = BY_ID[case_id], snapshot_of(case_id, os)
    options = case.options if engine.startswith("cilium") else ""
    pipeline = compile_pipeline(found, profile(engine + options))
    return pipeline, Evaluator(pipeline, found.inventory).evaluate(case.flow())


def has_network(verdict: Verdict) -> bool:
    """Whether both ends exist for the engine; finished pods do not."""
    return all(each.code != "EndpointHasNoNetwork" for each in verdict.assumptions)


def expected(case_id: str, os: str) -> Iterator[Expected]:
    """Every two profiles of different engines."""
    for source, target in permutations(PROFILES[os], 2):
        if engine_of(source) == engine_of(target):
            continue
        (before, was), (after, now) = (answer(case_id, os, each) for each in (source, target))
        change, rules = None, frozenset[str]()
        if was.decision is not now.decision:
            causes = Causes(before, after, snapshot_of(case_id, os)).of_verdicts(was, now)
            change = CHANGES[now.decision]
            rules = frozenset(each.rule.id for each in causes if each is not None)
        yield Expected(BY_ID[case_id], os, source, target, change, rules)


def direct(case: Case, os: str) -> Flow:
    """The flow of a case; a call through a Service as what reaches its backend."""
    flow = case.flow()
    end = flow.destination
    if not isinstance(end, ServiceEnd):
        return flow
    # The one Service of the fixture leads to the port that its pods call http.
    backend = next(
        each
        for each in snapshot_of(case.id, os).inventory.pods
        if (each.namespace, each.name) == (end.namespace, end.backend)
    )
    (number,) = (each.number for each in backend.ports if each.name == "http")
    return Flow(flow.source, _pod(end), flow.protocol, number)


def _pod(end: ServiceEnd) -> PodEnd:
    return PodEnd(end.namespace, end.backend)
