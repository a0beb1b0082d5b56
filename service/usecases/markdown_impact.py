"""What a migration changes as Markdown: groups of connections, their causes and remedies."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import yaml

from service.usecases.flow_text import (
    because,
    connections_text,
    endpoint_text,
    flow_text,
    placement_text,
    policy_text,
)
from service.usecases.markdown_findings import affected_text
from service.usecases.markdown_text import code, fenced, listed, paragraph, plain, sections, table

Body = Mapping[str, Any]

MOST_GROUPS = 100
MOST_REMEDIES = 50
_MOST_NAMES = 3
_MOST_WORKLOADS = 20
_WORDS = {
    "newlyAllowed": "opens",
    "newlyDenied": "closes",
    "newlyUnknown": "becomes unknown",
}
_STATES = {
    "newlyAllowed": "newly allowed",
    "newlyDenied": "newly denied",
    "newlyUnknown": "newly unknown",
}


def pairs_text(pairs: Mapping[str, int]) -> str:
    """How many pairs of endpoints change."""
    found = [f"{count} {_STATES[change]}" for change, count in pairs.items() if count]
    return ", ".join(found) or "none"


def impact_section(impact: Body, groups: Sequence[Body]) -> str:
    """The connections that change, put together by cause."""
    parts = ["## What changes", f"Pairs of endpoints: {pairs_text(impact['pairs'])}."]
    if any(impact["serviceCalls"].values()):
        parts.append(f"Calls through Services besides: {pairs_text(impact['serviceCalls'])}.")
    if impact["unexplainedCount"]:
        parts.append(f"**{impact['unexplainedCount']} groups have no rule that explains them.**")
    if impact["isSampled"]:
        words = "Causes were asked of one pair for pods that share their answers, not of each pair."
        parts.append(words)
    if groups:
        parts.append(groups_table(groups[:MOST_GROUPS]))
    if len(groups) > MOST_GROUPS:
        parts.append(f"{len(groups) - MOST_GROUPS} more groups are not shown here.")
    return sections(parts)


def groups_table(groups: Iterable[Body]) -> str:
    """Groups of connections with a witness each."""
    rows = [
        (
            f"{_WORDS[each['change']]}",
            _cause(each["cause"]),
            listed([_policy(found) for found in each["policies"]], _MOST_NAMES),
            _ends(each["sources"], each["sourceCount"]),
            _ends(each["destinations"], each["destinationCount"]) + _through(each),
            plain(connections_text(each["connections"])),
            str(each["pairs"]),
            _witness(each),
        )
        for each in groups
    ]
    head = ("Change", "Cause", "Policies", "From", "To", "On", "Pairs", "Witness")
    return table(head, rows)


def _cause(cause: Body | None) -> str:
    if cause is None:
        return "**not explained**"
    return f"{cause['rule']} {plain(cause['title'])} ({cause['severity']}): {plain(cause['why'])}"


def _policy(found: Body) -> str:
    return f"{plain(policy_text(found['policy']))} {code(found['rule'])}".strip()


def _ends(endpoints: Iterable[Body], count: int) -> str:
    return listed([plain(endpoint_text(each)) for each in endpoints], _MOST_NAMES, count)


def _through(group: Body) -> str:
    service = group.get("service")
    if service is None:
        return ""
    return f"<br>through Service {plain(service['namespace'])}/{plain(service['name'])}"


def _witness(group: Body) -> str:
    placed = placement_text(group)
    before, after = group["decidedBefore"], group["decidedAfter"]
    sides = "".join(
        f"<br>{word} {side['verdict']}{_because(side)}"
        for word, side in (("before", before), ("after", after))
        if side is not None
    )
    return f"{code(flow_text(group['witness']))}{f' ({placed})' if placed else ''}{sides}"


def _because(side: Body) -> str:
    reason = because(side)
    return f": {plain(reason)}" if reason else ""


def during_section(during: Body | None) -> str:
    """What is reachable while nothing is certain to be enforced."""
    if during is None:
        return ""
    steps = ", ".join(map(plain, during["steps"]))
    worst = "nothing is enforced" if during["worst"] == "Absent" else "nodes may enforce nothing"
    parts = [
        "## While it runs",
        f"During {steps} {worst}. If nothing is enforced at all: {pairs_text(during['pairs'])}.",
    ]
    if during["isolated"]:
        rows = [
            (
                plain(affected_text(each["workload"])),
                ", ".join(each["directions"]),
                str(each["policies"]),
                str(each["namedBy"]),
                str(each["closedBy"]),
            )
            for each in during["isolated"][:_MOST_WORKLOADS]
        ]
        head = ("Isolated workload", "Directions", "Policies", "By own labels", "Closed")
        words = f"{during['isolatedCount']} workloads are isolated by policies now, the most "
        parts += [f"{words}deliberately isolated first:", table(head, rows)]
        more = during["isolatedCount"] - len(rows)
        parts.append(f"{more} more are not shown here." if more > 0 else "")
    if during["groups"]:
        parts += ["What opens:", groups_table(during["groups"])]
    return sections(parts)


def remedies_section(remedies: Sequence[Body]) -> str:
    """Patches and objects that undo a change."""
    if not remedies:
        return ""
    parts = ["## Remedies that can be applied"]
    for number, each in enumerate(remedies[:MOST_REMEDIES], 1):
        exact = "" if each["isExact"] else " Opens more than what is lost."
        when = "before the move" if each["when"] == "Before" else "after the move"
        parts.append(f"{number}\\. **{each['rule']}**, {when}: {plain(each['detail'])}.{exact}")
        if "policy" in each:
            parts.append(f"Patch of {paragraph(policy_text(each['policy']))}:")
        if "patch" in each:
            parts.append(fenced(json.dumps(each["patch"], indent=2, ensure_ascii=False), "json"))
        if "manifest" in each:
            parts.append(fenced(yaml.safe_dump(each["manifest"], sort_keys=False), "yaml"))
    if len(remedies) > MOST_REMEDIES:
        parts.append(f"{len(remedies) - MOST_REMEDIES} more remedies are not shown here.")
    return sections(parts)
