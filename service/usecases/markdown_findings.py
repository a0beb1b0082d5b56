"""Findings, rules and what is missing, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from service.model.finding import Severity
from service.usecases.flow_text import policy_text
from service.usecases.markdown_text import bullets, code, listed, plain, sections, table

Body = Mapping[str, Any]

#: So many findings are written out; the others can be had one page after the other.
MOST_FINDINGS = 200
_MOST_NAMES = 5


def severities_text(severities: Mapping[str, int]) -> str:
    """How many findings there are of each severity that has any."""
    counts = [f"{count} {name}" for name, count in severities.items() if count]
    return ", ".join(counts) or "none"


def blockers(findings: Iterable[Body]) -> str:
    """What forbids the thing, one point each, with what to do."""
    points = [
        f"**{each['rule']}** {plain(each['detail'])}{_settled(each)} {plain(each['remedy'])}"
        for each in findings
        if each["severity"] == Severity.BLOCKER.value
    ]
    return sections(["## Blockers", bullets(points)]) if points else ""


def _settled(finding: Body) -> str:
    steps = ", ".join(map(plain, finding["settledBy"]))
    return f" (settled by step {steps})" if steps else "."


def findings_section(findings: Sequence[Body]) -> str:
    """Every finding, the gravest first."""
    if not findings:
        return sections(["## Findings", "None."])
    rows = [
        (
            each["severity"],
            f"{each['rule']} {plain(each['title'])}",
            where(each),
            plain(each["detail"]),
            endpoints_text(each["endpoints"]),
            plain(each["remedy"]) + (_settled(each) if each["settledBy"] else ""),
        )
        for each in findings[:MOST_FINDINGS]
    ]
    head = ("Severity", "Rule", "Where", "What", "Concerns", "Remedy")
    return sections(["## Findings", table(head, rows), _more(findings)])


def _more(findings: Sequence[Body]) -> str:
    more = len(findings) - MOST_FINDINGS
    return f"{more} more findings are not shown here." if more > 0 else ""


def where(finding: Body) -> str:
    """The policy with the pointer into it, or the pointer into the cluster record."""
    pointer = code(finding["pointer"]) if "pointer" in finding else ""
    if "policy" in finding:
        return f"{plain(policy_text(finding['policy']))} {pointer}".strip()
    return f"cluster {pointer}" if pointer else ""


def endpoints_text(endpoints: Sequence[Body]) -> str:
    """The first things that a finding concerns."""
    return listed([plain(affected_text(each)) for each in endpoints], _MOST_NAMES)


def affected_text(affected: Body) -> str:
    """One thing that a finding concerns, as `namespace/name`."""
    return "/".join(filter(None, (affected.get("namespace"), affected["name"])))


def missing_section(title: str, missing: Iterable[Body]) -> str:
    """What the input does not tell."""
    rows = [(code(each["what"]), plain(each["detail"])) for each in missing]
    return sections([f"## {title}", table(("Missing", "How to tell"), rows)]) if rows else ""


def rules_section(rules: Sequence[Body]) -> str:
    """Which rules were asked, and what became of each."""
    parts = ["## Rules"]
    unknown = [each for each in rules if each["outcome"] == "Unknown"]
    if unknown:
        rows = [
            (
                f"{each['rule']} {plain(each['title'])}",
                each["severity"],
                "; ".join(plain(found["detail"]) for found in each["missing"]),
            )
            for each in unknown
        ]
        parts += ["Not answered:", table(("Rule", "Severity", "Missing"), rows)]
    for outcome, words in (("Hit", "Hit"), ("Clear", "Clear")):
        ids = [str(each["rule"]) for each in rules if each["outcome"] == outcome]
        parts.append(f"{words}: {', '.join(ids) or 'none'}.")
    return sections(parts)
