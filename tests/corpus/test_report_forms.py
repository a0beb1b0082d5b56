"""Real manifests: a report in every form is what its readers take."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from service.analysis.stated import Target
from service.manifests.aks_record import read_aks_show
from service.usecases.map_worker import RevisionReading
from service.usecases.report_content import ReportKind
from service.usecases.report_junit import render_junit
from service.usecases.report_making import ReportAsk, report_header, report_of
from service.usecases.report_markdown import render_markdown
from service.usecases.report_sarif import render_sarif
from service.usecases.report_script import render_script
from tests.builders import profile
from tests.corpus.test_real_maps import REAL, SETS, cluster_of
from tests.shared_corpus import requires_corpus
from tests.unit.paths.bash import check_syntax
from tests.unit.reports.making import TODAY
from tests.unit.reports.test_markdown import check_tables
from tests.unit.reports.test_sarif import check_standard

pytestmark = requires_corpus

RECORDS = {"npm": "derived-variant-azure-npm", "calico": "derived-variant-calico"}


@pytest.mark.parametrize(("source", "target"), [("npm", "cilium:1.18"), ("calico", "none")])
@pytest.mark.parametrize("name", SETS)
def test_migration_reports(name: str, source: str, target: str) -> None:
    reading = RevisionReading(cluster_of(REAL / name))
    show = json.loads((REAL / "aks-show" / f"{RECORDS[source]}.json").read_text(encoding="utf-8"))
    to = profile(target)
    record = read_aks_show(show).record
    ask = ReportAsk(
        ReportKind.MIGRATION, to, TODAY, record, source=profile(source), target=Target(to)
    )
    content = report_of(reading, ask)
    report = {**report_header(ask, "sha256:0123", content, name), **content.body}
    check_tables(render_markdown(report, content))
    check_standard(json.loads(render_sarif(report, content)))
    ElementTree.fromstring(render_junit(report, content))
    check_syntax([render_script(report, content)])
