"""`netverdict migrate`: what a move to another engine takes, and what it changes."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from service.analysis.compare import Change
from service.analysis.judging import Opinion
from service.commands.faults import Refused, report
from service.commands.report_inputs import (
    Subject,
    add_report_options,
    document_of,
    options_of,
    refused,
    subject_of,
    today,
)
from service.commands.report_output import FORMATS, add_fail_on, is_met, write_report
from service.commands.streams import answering
from service.model.cluster import Ipam
from service.usecases.errors import Invalid
from service.usecases.report_asking import ReportWish, read_migration
from service.usecases.report_content import ReportContent, ReportKind
from service.usecases.report_making import ReportAsk, report_header, report_of
from service.usecases.report_script import render_script

ANY, UNEXPLAINED = "any", "unexplained"


def configure(parser: argparse.ArgumentParser) -> None:
    add_report_options(parser, (*FORMATS, "script"))
    parser.add_argument(
        "--source", metavar="NAME[:VERSION]", help="npm, calico (the cluster's, with --cluster)"
    )
    parser.add_argument(
        "--source-option", action="append", default=[], metavar="KEY=VALUE", help="of the source"
    )
    parser.add_argument("--target", required=True, metavar="NAME[:VERSION]", help="cilium:1.17")
    parser.add_argument(
        "--target-option", action="append", default=[], metavar="KEY=VALUE", help="of the target"
    )
    parser.add_argument(
        "--target-ipam",
        choices=[each.value for each in Ipam],
        help="where pods are to get their addresses",
    )
    parser.add_argument("--target-pod-cidr", metavar="CIDR", help="of an overlay")
    verdicts = [each.value for each in Opinion if each is not Opinion.SAFE]
    changes = [each.value for each in Change]
    add_fail_on(parser, (ANY, *verdicts, *changes, UNEXPLAINED))


def run(arguments: argparse.Namespace) -> int:
    try:
        subject = subject_of(arguments)
        wish = _wish(arguments, subject)
    except Refused as fault:
        return report(fault)
    assert wish.target is not None
    ask = ReportAsk(
        ReportKind.MIGRATION,
        wish.target.profile,
        wish.as_of,
        subject.record,
        wish.stated,
        wish.profile,
        wish.target,
        subject.name,
    )
    content = report_of(subject.reading, ask)
    found = {**report_header(ask, subject.revision_digest, content, subject.name), **content.body}
    status = int(
        is_met(arguments.fail_on, found, content) or _changes(arguments.fail_on, found, content)
    )
    with answering(lambda: status):
        write_report(subject, found, content, arguments.format, {"script": render_script})
    return status


def _wish(arguments: argparse.Namespace, subject: Subject) -> ReportWish:
    source = options_of("--source-option", arguments.source_option)
    if source and arguments.source is None:
        raise Refused(["--source-option goes with --source"])
    document = document_of(
        arguments,
        source=arguments.source and {"name": arguments.source, "options": source},
        target=arguments.target,
        targetOptions=options_of("--target-option", arguments.target_option),
        targetIpam=arguments.target_ipam,
        targetPodCidr=arguments.target_pod_cidr,
    )
    try:
        return read_migration(document, subject.record, today())
    except Invalid as error:
        raise refused(error, arguments) from error


def _changes(conditions: list[str], found: Mapping[str, Any], content: ReportContent) -> bool:
    """Whether connections change in a way that somebody wants to fail on."""
    impact = found["impact"]
    counts = impact["pairs"], impact["serviceCalls"]
    met = {each.value: any(found[each.value] for found in counts) for each in Change}
    met[UNEXPLAINED] = impact["unexplainedCount"] > 0
    met[ANY] = found["verdict"] != Opinion.SAFE.value
    return any(met.get(each, False) for each in conditions)
