"""Reports about the cluster of the story, made without a service."""

from __future__ import annotations

from datetime import date
from typing import Any

from service.analysis.stated import Target
from service.manifests.aks_record import read_aks_show
from service.manifests.archive import encode_inventory, encode_policies
from service.manifests.reader import read_upload
from service.manifests.snapshot import build_snapshot
from service.manifests.upload import Upload, UploadPart
from service.model.cluster import ClusterRecord
from service.model.snapshot import ClusterFacts
from service.usecases.errors import FieldError
from service.usecases.map_worker import (
    MapContent,
    MapKey,
    RevisionReading,
    written_with_expressions,
)
from service.usecases.report_content import ReportContent, ReportKind
from service.usecases.report_making import ReportAsk, report_header, report_of
from service.usecases.stated_json import read_facts
from tests.builders import profile
from tests.web.report_story import FACTS, SHOW, YAML

TODAY = date(2026, 11, 22)
RECORD = read_aks_show(SHOW).record
REVISION = "sha256:0123"


def read(manifests: str) -> Upload:
    """What the reader makes of YAML documents."""
    return read_upload([UploadPart(manifests.encode(), YAML)])


def reading_of(manifests: str) -> RevisionReading:
    """YAML documents as a revision of the story's cluster."""
    found = read(manifests)
    facts = ClusterFacts(RECORD.network_profile.pod_cidrs)
    snapshot, _ = build_snapshot(found.inventory, found.policies, facts)
    return RevisionReading(snapshot, written_with_expressions(found.policies))


def compatibility_ask(engine: str, facts: Any = None, as_of: date = TODAY) -> ReportAsk:
    """A question about one engine on the story's cluster."""
    return ReportAsk(
        ReportKind.COMPATIBILITY, profile(engine), as_of, RECORD, _stated(facts or FACTS)
    )


def migration_ask(
    target: str = "cilium:1.18",
    source: str = "npm",
    facts: Any = None,
    record: ClusterRecord = RECORD,
    name: str | None = "shop",
) -> ReportAsk:
    """A question about a move of the story's cluster."""
    to = profile(target)
    return ReportAsk(
        ReportKind.MIGRATION,
        to,
        TODAY,
        record,
        _stated(FACTS if facts is None else facts),
        profile(source),
        Target(to),
        name,
    )


def _stated(facts: Any) -> Any:
    faults: list[FieldError] = []
    found = read_facts(facts, "", faults)
    assert not faults
    return found


def make(ask: ReportAsk, manifests: str) -> tuple[dict[str, Any], ReportContent]:
    """A report as it is rendered, with its content."""
    content = report_of(reading_of(manifests), ask)
    header = {
        "id": "r-1",
        "revision": 3,
        "createdAt": "2026-11-22T10:00:00Z",
        **report_header(ask, REVISION, content, "shop"),
    }
    return {**header, **content.body}, content


def stored(manifests: str, *engines: str) -> tuple[tuple[MapKey, ...], MapContent]:
    """A revision as the analysis process gets it, with a key for each engine."""
    found = read(manifests)
    content = MapContent(encode_policies(found.policies), encode_inventory(found.inventory))
    facts = ClusterFacts(RECORD.network_profile.pod_cidrs)
    return tuple(MapKey(manifests, manifests, facts, profile(each)) for each in engines), content
