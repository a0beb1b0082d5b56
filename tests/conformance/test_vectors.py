"""The shared vectors, for every engine key that they assert.

Each case goes the whole way: shorthand, Kubernetes objects, reader, engine, verdict.
"""

from __future__ import annotations

from functools import cache

import pytest

from service.manifests.faults import UploadRefused
from service.model.snapshot import Snapshot
from service.model.verdict import Verdict
from tests.builders import evaluator, snapshot, upload
from tests.vectors.shorthand import CASES, ENGINES, MANIFEST_OF, Case, fixture_manifests

#: Case and engine key whose answer is another than the one in the file, and why that is right.
#: "Where spec says unknown ... the profile kubernetes answers Unknown there, except for ipBlock
#: against pod and node addresses, where it follows the upstream conformance tests (it matches)."
DEPARTURES = {
    ("NP-37", "spec"): "allow",
    ("NP-38", "spec"): "allow",
}

#: What the notes of cases say about other versions than the default ones.
VERSIONED = [
    ("NP-29", "npm?fixes=2026-09", "linux", "deny"),
    ("NP-29", "npm?fixes=2026-09", "windows", "allow"),
    *(("NP-29", f"cilium:1.{minor}", "linux", "allow") for minor in (14, 15, 16, 17, 18)),
    ("NP-29", "cilium:1.19", "linux", "deny"),
    ("NP-30", "npm?fixes=2026-09", "linux", "deny"),
    ("NP-30", "npm?fixes=2026-09", "windows", "allow"),
    *(("NP-47", f"cilium:1.{minor}", "linux", "deny") for minor in range(14, 20)),
    ("NP-49", "calico:3.29", "linux", "deny"),
    ("NP-49", "calico:3.31", "linux", "allow"),
    ("NP-50", "cilium:1.16", "linux", "deny"),
    ("NP-50", "cilium:1.17", "linux", "allow"),
    # The fix refuses the policy instead of reading it the wrong way round: the pod stays open.
    ("AZ-03", "npm?fixes=2026-09", "windows", "allow"),
    ("AZ-03", "npm?fixes=2026-09", "linux", "deny"),
]

READ = [each for each in CASES if each.kinds <= MANIFEST_OF.keys()]
BY_ID = {each.id: each for each in CASES}


@cache
def _fixture(os: str, traffic_policy: str) -> tuple[dict[str, object], ...]:
    return tuple(fixture_manifests(os, traffic_policy))


@cache
def _snapshot(case_id: str, os: str) -> Snapshot:
    case = BY_ID[case_id]
    return snapshot(
        *_fixture(os, case.traffic_policy),
        *case.manifests(),
        applied_before=case.applied_before(),
    )


def _answer(case: Case, engine: str, os: str) -> tuple[str, Verdict]:
    verdict = evaluator(_snapshot(case.id, os), engine).evaluate(case.flow())
    if any(each.code == "EndpointHasNoNetwork" for each in verdict.assumptions):
        return "n/a", verdict
    return verdict.decision.value.lower(), verdict


@pytest.mark.parametrize(
    ("case", "key"),
    [
        pytest.param(case, key, id=f"{case.id}-{key}")
        for case in READ
        if not case.is_validation
        for key in ENGINES
        if case.expected(key) is not None
    ],
)
def test_verdict(case: Case, key: str) -> None:
    engine, os = ENGINES[key]
    options = case.options if engine == "cilium" else ""
    answer, verdict = _answer(case, engine + options, os)
    expected = DEPARTURES.get((case.id, key), case.expected(key))
    assert answer == expected, (case.why, case.note, verdict)
    if answer == "unknown":
        assert verdict.assumptions, "an Unknown names what it depends on"


@pytest.mark.parametrize(("case_id", "engine", "os", "expected"), VERSIONED)
def test_verdict_of_other_versions(case_id: str, engine: str, os: str, expected: str) -> None:
    case = BY_ID[case_id]
    answer, verdict = _answer(case, engine, os)
    assert answer == expected, (case.why, case.note, verdict)


@pytest.mark.parametrize(
    "case", [pytest.param(each, id=each.id) for each in READ if each.is_validation]
)
def test_invalid_object_is_refused(case: Case) -> None:
    assert set(case.then.values()) == {"invalid"}
    with pytest.raises(UploadRefused) as refused:
        upload(*case.manifests())
    assert refused.value.faults
    for fault in refused.value.faults:
        assert "/spec/" in fault.pointer, fault


def test_every_case_with_objects_is_read() -> None:
    left_out = [each for each in CASES if each not in READ]
    # Unit cases of a matcher, which have tests of their own.
    assert {kind for each in left_out for kind in each.kinds} == {"sel", "fqdn"}
