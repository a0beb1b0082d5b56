"""`netverdict check`: what an engine makes of manifests in files."""

from __future__ import annotations

import argparse

from service.analysis.fitness import Fitness
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
from service.usecases.errors import Invalid
from service.usecases.map_json import compact
from service.usecases.report_asking import ReportWish, read_compatibility
from service.usecases.report_content import ReportKind
from service.usecases.report_making import ReportAsk, report_header, report_of

ANY = "any"


def configure(parser: argparse.ArgumentParser) -> None:
    add_report_options(parser, (*FORMATS, "ndjson"))
    parser.add_argument(
        "--engine", metavar="NAME[:VERSION]", help="cilium:1.17 (the cluster's, with --cluster)"
    )
    parser.add_argument(
        "--option", action="append", default=[], metavar="KEY=VALUE", help="of the engine"
    )
    verdicts = [each.value for each in Fitness if each is not Fitness.COMPATIBLE]
    add_fail_on(parser, (ANY, *verdicts))


def run(arguments: argparse.Namespace) -> int:
    try:
        subject = subject_of(arguments)
        wish = _wish(arguments, subject)
    except Refused as fault:
        return report(fault)
    ask = ReportAsk(ReportKind.COMPATIBILITY, wish.profile, wish.as_of, subject.record, wish.stated)
    content = report_of(subject.reading, ask)
    found = {**report_header(ask, subject.revision_digest, content, subject.name), **content.body}
    lines = {"ndjson": lambda _, each: "".join(f"{compact(one)}\n" for one in each.findings)}
    fails = ANY in arguments.fail_on and found["verdict"] != Fitness.COMPATIBLE.value
    status = int(fails or is_met(arguments.fail_on, found, content))
    with answering(lambda: status):
        write_report(subject, found, content, arguments.format, lines)
    return status


def _wish(arguments: argparse.Namespace, subject: Subject) -> ReportWish:
    options = options_of("--option", arguments.option)
    if options and arguments.engine is None:
        raise Refused(["--option goes with --engine"])
    engine = arguments.engine and {"name": arguments.engine, "options": options}
    try:
        return read_compatibility(document_of(arguments, engine=engine), subject.record, today())
    except Invalid as error:
        raise refused(error, arguments) from error
