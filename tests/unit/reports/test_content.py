"""The stored form of a report, and the digest that the same inputs give again."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from dataclasses import replace

import pytest

from service.usecases.report_content import (
    ReportContent,
    decode_content,
    encode_content,
    report_digest,
)
from service.usecases.report_making import ReportAsk, report_header
from tests.running import ROOT
from tests.unit.reports.making import REVISION, compatibility_ask, make, migration_ask
from tests.web.report_story import FACTS, WITH_FIXES

ASKS = [compatibility_ask("cilium:1.18"), migration_ask(), migration_ask("none")]
ONE = ReportContent({"verdict": "Safe"}, ({"rule": "MIG-001"},), (), (), "sha256:1")


@pytest.mark.parametrize("ask", ASKS, ids=lambda each: f"{each.kind} {each.profile}")
def test_stored_and_read_again(ask: ReportAsk) -> None:
    _, content = make(ask, WITH_FIXES)
    assert decode_content(encode_content(content)) == content
    assert encode_content(content) == encode_content(make(ask, WITH_FIXES)[1])
    assert list(decode_content(encode_content(content)).body) == list(content.body)


@pytest.mark.parametrize("ask", ASKS, ids=lambda each: f"{each.kind} {each.profile}")
def test_a_question_goes_to_another_process(ask: ReportAsk) -> None:
    assert pickle.loads(pickle.dumps(ask)) == ask
    content = make(ask, WITH_FIXES)[1]
    assert pickle.loads(pickle.dumps(content)) == content


@pytest.mark.parametrize(
    "changed",
    [
        replace(ONE, body={"verdict": "Unsafe"}),
        replace(ONE, findings=()),
        replace(ONE, groups=({"pairs": 1},)),
        replace(ONE, remedies=({"rule": "MIG-001"},)),
        replace(ONE, impact_digest="sha256:2"),
    ],
)
def test_the_digest_is_over_everything_that_is_said(changed: ReportContent) -> None:
    header = {"revisionDigest": REVISION}
    assert report_digest(header, changed) != report_digest(header, ONE)
    assert report_digest({"revisionDigest": "sha256:9"}, ONE) != report_digest(header, ONE)


def test_where_and_when_it_is_stored_does_not_count() -> None:
    header = {"revisionDigest": REVISION, "cluster": "shop"}
    named = {"id": "r-1", "createdAt": "2026", "digest": "x", **header}
    assert report_digest(named, ONE) == report_digest(header, ONE)
    turned = replace(ONE, body=dict(reversed(ONE.body.items())))
    assert report_digest(dict(reversed(header.items())), turned) == report_digest(header, ONE)


def test_what_was_asked_with_counts() -> None:
    known = migration_ask()
    told = migration_ask(facts={**FACTS, "azureCli": "2.81.0"})
    content = make(known, WITH_FIXES)[1]
    digests = {report_header(each, REVISION, content)["digest"] for each in (known, told)}
    assert len(digests) == 2


SCRIPT = """
from tests.unit.reports.test_content import ASKS, WITH_FIXES, make
for ask in ASKS:
    report, content = make(ask, WITH_FIXES)
    print(report["digest"], content.impact_digest)
"""


def test_every_process_gets_the_same_digests() -> None:
    answers = [
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    here = [(report["digest"], content.impact_digest) for report, content in map(_made, ASKS)]
    assert answers[0] == answers[1] == "".join(f"{one} {other}\n" for one, other in here)


def _made(ask: ReportAsk) -> tuple[dict[str, str], ReportContent]:
    return make(ask, WITH_FIXES)
