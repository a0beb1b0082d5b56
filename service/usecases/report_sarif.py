"""Reports as SARIF 2.1.0: rules, and a result for each finding and each group of connections."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from service.model.finding import Severity
from service.usecases.flow_text import connections_text, endpoint_text, flow_text, policy_text
from service.usecases.map_json import compact
from service.usecases.markdown_findings import affected_text
from service.usecases.markdown_text import listed
from service.usecases.report_content import ReportContent, ReportKind

Body = Mapping[str, Any]

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVELS = {
    Severity.BLOCKER.value: "error",
    Severity.HIGH.value: "error",
    Severity.MEDIUM.value: "warning",
    Severity.LOW.value: "note",
    Severity.INFO.value: "note",
}
_UNEXPLAINED = "UNEXPLAINED"
_MOST_NAMES = 5


@dataclass(frozen=True, slots=True)
class SourcePlace:
    """Where a policy was read: a file, relative to where the caller stands, and its first line."""

    uri: str
    line: int = 1


Places = Mapping[tuple[str, str, str], SourcePlace]
"""By kind, namespace and name of a policy."""


def render_sarif(report: Body, content: ReportContent, places: Places | None = None) -> str:
    """A report as a SARIF log with one run.

    A policy's place is the file that `places` names, else the revision's manifests.
    """
    rules = [_rule(each) for each in _rules_of(report, content)]
    index = {each["id"]: number for number, each in enumerate(rules)}
    locate = _Locator(report, places or {})
    results = [
        *(_finding(each, locate) for each in content.findings),
        *(_open(each, locate) for each in report["rules"] if each["outcome"] == "Unknown"),
        *(_group(each, locate) for each in content.groups),
    ]
    for each in results:
        each["ruleIndex"] = index[each["ruleId"]]
        each["partialFingerprints"] = {"netverdict/v1": _fingerprint(each)}
    run = {
        "tool": {"driver": {"name": "Netverdict", "rules": rules}},
        "automationDetails": {"id": _run_name(report)},
        "columnKind": "unicodeCodePoints",
        "results": results,
        "properties": _properties(report),
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return compact(log) + "\n"


def _rules_of(report: Body, content: ReportContent) -> Iterator[Body]:
    """The rules that were asked, and those that explain a group without being asked."""
    known: set[str] = set()
    for each in report["rules"]:
        known.add(each["rule"])
        yield each
    for group in content.groups:
        cause = group["cause"] or {
            "rule": _UNEXPLAINED,
            "title": "A change that no rule explains",
            "severity": Severity.HIGH.value,
        }
        if cause["rule"] not in known:
            known.add(cause["rule"])
            yield {"name": cause["rule"], "area": "MIG", **cause}


def _rule(rule: Body) -> dict[str, Any]:
    return {
        "id": rule["rule"],
        "name": rule["name"],
        "shortDescription": {"text": rule["title"]},
        "defaultConfiguration": {"level": _LEVELS[rule["severity"]]},
        "properties": {"severity": rule["severity"], "tags": [rule["area"]]},
    }


class _Locator:
    """Places of findings: the policy or the cluster record, with what is meant there."""

    def __init__(self, report: Body, places: Places) -> None:
        self._places = places
        self._cluster = f"v1/clusters/{quote(str(report.get('cluster', 'cluster')))}"
        self._manifests = f"{self._cluster}/revisions/{report.get('revision', 'latest')}/manifests"

    def of_policy(self, policy: Body, pointer: str = "") -> dict[str, Any]:
        """A policy, with a JSON pointer into it."""
        key = (policy["kind"], policy.get("namespace", ""), policy["name"])
        known = self._places.get(key)
        place = f"{policy.get('namespace', '')}/{policy['name']}".lstrip("/")
        logical = {
            "name": policy["name"],
            "fullyQualifiedName": f"{policy['kind']}/{place}{pointer}",
            "kind": "object",
        }
        physical: dict[str, Any] = {"artifactLocation": {"uri": self._manifests}}
        if known is not None:
            physical = {
                "artifactLocation": {"uri": known.uri},
                "region": {"startLine": known.line},
            }
        return {"physicalLocation": physical, "logicalLocations": [logical]}

    def of_record(self, pointer: str = "") -> dict[str, Any]:
        """The cluster record, with a JSON pointer into it."""
        found: dict[str, Any] = {
            "physicalLocation": {"artifactLocation": {"uri": self._cluster}},
        }
        if pointer:
            found["logicalLocations"] = [
                {
                    "name": pointer.rpartition("/")[2],
                    "fullyQualifiedName": pointer,
                    "kind": "member",
                }
            ]
        return found


def _finding(finding: Body, locate: _Locator) -> dict[str, Any]:
    pointer = finding.get("pointer", "")
    named = listed(list(map(affected_text, finding["endpoints"])), _MOST_NAMES)
    concerns = f" Concerns {named}." if named else ""
    return {
        "ruleId": finding["rule"],
        "kind": "fail",
        "level": _LEVELS[finding["severity"]],
        "message": {"text": f"{finding['detail']}.{concerns} {finding['remedy']}".strip()},
        "locations": [
            locate.of_policy(finding["policy"], pointer)
            if "policy" in finding
            else locate.of_record(pointer)
        ],
        "properties": {
            "severity": finding["severity"],
            "settledBy": finding["settledBy"],
            "confidence": finding["confidence"],
            "source": finding["source"],
            "asOf": finding["asOf"],
            "values": finding["values"],
        },
    }


def _open(rule: Body, locate: _Locator) -> dict[str, Any]:
    """A rule that could not be answered; SARIF asks for level none with any kind but fail."""
    missing = "; ".join(each["detail"] for each in rule["missing"])
    return {
        "ruleId": rule["rule"],
        "kind": "open",
        "level": "none",
        "message": {"text": f"{rule['title']}? Not told: {missing}"},
        "locations": [locate.of_record()],
        "properties": {"missing": [each["what"] for each in rule["missing"]]},
    }


def _group(group: Body, locate: _Locator) -> dict[str, Any]:
    cause = group["cause"]
    unknown = group["change"] == "newlyUnknown"
    severity = cause["severity"] if cause else Severity.HIGH.value
    ends = " -> ".join(
        listed(list(map(endpoint_text, group[name])), 2, group[count])
        for name, count in (("sources", "sourceCount"), ("destinations", "destinationCount"))
    )
    why = f"{cause['why']}. {cause['remedy']}" if cause else "No rule explains it."
    text = (
        f"{group['change']}: {ends} on {connections_text(group['connections'])}{_through(group)} "
        f"({group['pairs']} pairs, for example {flow_text(group['witness'])}). {why}"
    )
    policies = [locate.of_policy(each["policy"], each["rule"]) for each in group["policies"]]
    return {
        "ruleId": cause["rule"] if cause else _UNEXPLAINED,
        "kind": "open" if unknown else "fail",
        "level": "none" if unknown else _LEVELS[severity],
        "message": {"text": text},
        "locations": policies[:1] or [locate.of_record()],
        "relatedLocations": [
            {"id": number, "message": {"text": policy_text(each["policy"])}, **place}
            for number, (each, place) in enumerate(
                zip(group["policies"][1:], policies[1:], strict=True), 1
            )
        ],
        "properties": {
            "change": group["change"],
            "severity": severity,
            "pairs": group["pairs"],
            "isSampled": group["isSampled"],
            "witness": group["witness"],
        },
    }


def _through(group: Body) -> str:
    service = group.get("service")
    return f" through Service {service['namespace']}/{service['name']}" if service else ""


def _fingerprint(result: Body) -> str:
    """The same for the same finding of another run."""
    names = [
        each["fullyQualifiedName"]
        for place in result["locations"]
        for each in place.get("logicalLocations", ())
    ]
    parts = [result["ruleId"], result["kind"], *names, *_identity(result)]
    return sha256("\n".join(parts).encode()).hexdigest()[:32]


def _identity(result: Body) -> Iterable[str]:
    witness = result["properties"].get("witness")
    if witness is not None:
        return [result["properties"]["change"], flow_text(witness)]
    return [result["message"]["text"]]


def _run_name(report: Body) -> str:
    if report["kind"] == ReportKind.MIGRATION.value:
        about = f"{report['source']['profile']}-to-{report['target']['profile']}"
    else:
        about = report["engine"]["profile"]
    return "/".join(["netverdict", str(report.get("cluster", "files")), about, ""])


def _properties(report: Body) -> dict[str, Any]:
    names = ("kind", "cluster", "revision", "revisionDigest", "digest", "asOf", "rulebook")
    found = {name: report[name] for name in names if name in report}
    return {**found, "verdict": report["verdict"], "reasons": report["reasons"]}
