"""Reports made from a snapshot: what is asked, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

from service.analysis.impact import Impact
from service.analysis.impacts import impacts_between
from service.analysis.reports import (
    MigrationReport,
    compatibility_report,
    migration_report,
    with_impacts,
)
from service.analysis.retirements import retirements
from service.analysis.rulebook.dns_rules import local_dns
from service.analysis.rulebook.inputs import RuleInput
from service.analysis.stated import StatedFacts, Target
from service.engines.registry import compile_pipeline, resolve_profile
from service.model.cluster import ClusterRecord
from service.model.engine import EngineProfile
from service.usecases.cluster_json import record_document
from service.usecases.compatibility_body import compatibility_content
from service.usecases.map_solving import collection_paused
from service.usecases.map_worker import RevisionReading
from service.usecases.migration_body import migration_content
from service.usecases.report_content import Body, ReportContent, ReportKind, report_digest
from service.usecases.stated_json import facts_document

#: What holds while no engine is certain to enforce anything.
UNENFORCED = resolve_profile("none")


@dataclass(frozen=True, slots=True)
class ReportAsk:
    """What a report is about; a migration has a source and a target.

    `profile` is the engine whose fitness is asked: of a migration the target's. `cluster_name` is
    the name that commands call the cluster by, where its record does not tell.
    """

    kind: ReportKind
    profile: EngineProfile
    as_of: date
    record: ClusterRecord = field(default_factory=ClusterRecord)
    stated: StatedFacts = field(default_factory=StatedFacts)
    source: EngineProfile | None = None
    target: Target | None = None
    cluster_name: str | None = None


def report_of(reading: RevisionReading, ask: ReportAsk) -> ReportContent:
    """The report that is asked for."""
    asked = RuleInput(
        as_of=ask.as_of,
        snapshot=reading.snapshot,
        profile=ask.target.profile if ask.target else ask.profile,
        cluster=ask.record,
        stated=ask.stated,
        source=ask.source,
        target=ask.target,
        with_expressions=reading.with_expressions,
    )
    with collection_paused():
        inputs = _inputs(asked)
        if ask.kind is ReportKind.COMPATIBILITY:
            compiled = compile_pipeline(asked.snapshot, asked.profile)
            asked = replace(asked, findings=compiled.findings)
            return compatibility_content(compatibility_report(asked), retirements(asked), inputs)
        return migration_content(_migration(asked, ask.cluster_name), inputs)


def report_header(
    ask: ReportAsk, revision_digest: str, content: ReportContent, cluster: str | None = None
) -> Body:
    """What a report is bound to, with the digest that the same inputs give again."""
    bound = {
        "kind": ask.kind.value,
        "revisionDigest": revision_digest,
        "record": record_document(ask.record),
        "facts": facts_document(ask.stated),
    }
    header: Body = {"cluster": cluster} if cluster else {}
    return header | {
        "revisionDigest": revision_digest,
        "digest": report_digest(bound, content),
    }


def _migration(asked: RuleInput, cluster_name: str | None) -> MigrationReport:
    """The report of a change with its impact, and with what opens meanwhile where something may."""
    report = migration_report(asked, cluster_name=cluster_name)
    target = asked.profile
    opens = report.during is not None and UNENFORCED not in {report.source, target}
    profiles = (target, UNENFORCED) if opens else (target,)
    impacts = impacts_between(
        compile_pipeline(asked.snapshot, report.source),
        [compile_pipeline(asked.snapshot, each) for each in profiles],
        asked.snapshot,
        local_dns=local_dns(asked) is True,
    )
    return with_impacts(report, impacts[0], _opened(report, impacts))


def _opened(report: MigrationReport, impacts: tuple[Impact, ...]) -> Impact:
    """What nothing being enforced changes: nothing where that is how it is already."""
    return Impact() if report.source == UNENFORCED else impacts[-1]


def _inputs(asked: RuleInput) -> Body:
    """What the report was asked with and does not say elsewhere.

    `basis` is what its connections can be compared with again, whatever becomes of the record.
    """
    basis: Body = {
        "podCidrs": list(asked.snapshot.facts.pod_cidrs),
        "localDns": local_dns(asked) is True,
    }
    return {"facts": facts_document(asked.stated), "basis": basis}
