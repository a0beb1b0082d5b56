"""Reports as JUnit XML: every rule and every group of changed connections is a test case."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from service.model.finding import Severity
from service.usecases.flow_text import (
    because,
    connections_text,
    endpoint_text,
    flow_text,
    policy_text,
)
from service.usecases.markdown_findings import affected_text
from service.usecases.markdown_text import listed
from service.usecases.report_content import ReportContent, ReportKind

Body = Mapping[str, Any]

_FAILING = frozenset({Severity.BLOCKER.value, Severity.HIGH.value})
_MOST_FINDINGS = 50
_MOST_NAMES = 5
#: What XML 1.0 cannot hold.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render_junit(report: Body, content: ReportContent) -> str:
    """A report as test suites, one of rules and, of a migration, one of connections.

    A rule with a grave finding that the plan does not settle fails, so does a group of connections
    that opens or closes; what the input does not tell is skipped.
    """
    suites = Element("testsuites", name="netverdict")
    title = _title(report)
    _suite(suites, f"{title}: rules", _rule_cases(report["rules"], content.findings), report)
    if report["kind"] == ReportKind.MIGRATION.value:
        _suite(suites, f"{title}: connections", _group_cases(content.groups), report)
    for count in ("tests", "failures", "errors", "skipped"):
        suites.set(count, str(sum(int(each.get(count, "0")) for each in suites)))
    ElementTree.indent(suites)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(suites, "unicode")}\n'


def _title(report: Body) -> str:
    if report["kind"] == ReportKind.MIGRATION.value:
        return f"{report['source']['profile']} to {report['target']['profile']}"
    return str(report["engine"]["profile"])


def _suite(suites: Element, name: str, cases: Iterable[Element], report: Body) -> None:
    suite = ElementTree.SubElement(suites, "testsuite", name=_xml(name))
    if "createdAt" in report:
        suite.set("timestamp", str(report["createdAt"]))
    properties = ElementTree.SubElement(suite, "properties")
    for key in ("cluster", "revision", "digest", "asOf", "rulebook", "verdict"):
        if key in report:
            ElementTree.SubElement(properties, "property", name=key, value=_xml(report[key]))
    found = list(cases)
    suite.extend(found)
    suite.set("tests", str(len(found)))
    for count, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(count, str(sum(1 for each in found if each.find(tag) is not None)))


def _rule_cases(rules: Iterable[Body], findings: Sequence[Body]) -> Iterator[Element]:
    by_rule: dict[str, list[Body]] = {}
    for each in findings:
        by_rule.setdefault(each["rule"], []).append(each)
    for rule in rules:
        found = by_rule.get(rule["rule"], [])
        case = Element("testcase", classname=_xml(f"netverdict.{rule['area']}"))
        case.set("name", _xml(f"{rule['rule']} {rule['title']}"))
        if any(each["severity"] in _FAILING and not each["settledBy"] for each in found):
            _outcome(case, "failure", rule["title"], rule["severity"], _finding_lines(found))
        elif rule["outcome"] == "Unknown":
            missing = [f"{each['what']}: {each['detail']}" for each in rule["missing"]]
            _outcome(case, "skipped", "; ".join(missing))
        elif found:
            output = ElementTree.SubElement(case, "system-out")
            output.text = _xml("\n".join(_finding_lines(found)))
        yield case


def _finding_lines(findings: Sequence[Body]) -> Iterator[str]:
    for each in findings[:_MOST_FINDINGS]:
        place = [policy_text(each["policy"])] if "policy" in each else []
        place += [each["pointer"]] if "pointer" in each else []
        settled = f" (settled by {', '.join(each['settledBy'])})" if each["settledBy"] else ""
        yield f"{each['severity']}: {' '.join([*place, each['detail']])}{settled}"
        if each["endpoints"]:
            yield f"  concerns {listed(list(map(affected_text, each['endpoints'])), _MOST_NAMES)}"
        yield f"  remedy: {each['remedy']}"
    if len(findings) > _MOST_FINDINGS:
        yield f"{len(findings) - _MOST_FINDINGS} more findings"


def _group_cases(groups: Iterable[Body]) -> Iterator[Element]:
    for number, group in enumerate(groups, 1):
        cause = group["cause"]
        rule = cause["rule"] if cause else "unexplained"
        ends = " -> ".join(
            listed(list(map(endpoint_text, group[name])), 2, group[count])
            for name, count in (("sources", "sourceCount"), ("destinations", "destinationCount"))
        )
        on = connections_text(group["connections"])
        case = Element("testcase", classname=f"netverdict.{group['change']}")
        case.set("name", _xml(f"{number}. {rule}: {ends} on {on}"))
        if group["change"] == "newlyUnknown":
            message = f"{rule}: depends on what the input does not tell"
            _outcome(case, "skipped", message)
        else:
            message = f"{group['pairs']} pairs: {cause['why'] if cause else 'no rule explains it'}"
            _outcome(case, "failure", message, rule, _group_lines(group))
        yield case


def _group_lines(group: Body) -> Iterator[str]:
    yield f"witness: {flow_text(group['witness'])}"
    for word, side in (("before", group["decidedBefore"]), ("after", group["decidedAfter"])):
        if side is not None:
            yield f"{word}: {side['verdict']} {because(side)}".rstrip()
    for each in group["policies"]:
        yield f"policy: {policy_text(each['policy'])} {each['rule']}"
    if group["cause"]:
        yield f"remedy: {group['cause']['remedy']}"


def _outcome(
    case: Element, tag: str, message: str, type_: str = "", lines: Iterable[str] = ()
) -> None:
    found = ElementTree.SubElement(case, tag, message=_xml(message))
    if type_:
        found.set("type", _xml(type_))
    text = "\n".join(lines)
    if text:
        found.text = _xml(text)


def _xml(text: object) -> str:
    return _NO_XML.sub("\ufffd", str(text))
