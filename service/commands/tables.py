"""Verdicts as a table for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from service.commands.printable import printable
from service.usecases.flow_text import end_text

_HEAD = ("SOURCE", "DESTINATION", "PORT", "VERDICT", "BECAUSE")


def verdict_table(bodies: Iterable[Mapping[str, Any]]) -> str:
    """One line a flow, and one more for each further reason."""
    rows: list[Sequence[str]] = [_HEAD]
    for body in bodies:
        flow = body["flow"]
        reasons = list(_reasons(body)) or [""]
        port = f"{flow['protocol']} {flow['port']}" if "port" in flow else flow["protocol"]
        rows.append(
            (
                end_text(flow["source"]),
                end_text(flow["destination"]),
                port,
                body["verdict"],
                reasons[0],
            )
        )
        rows.extend(("", "", "", "", reason) for reason in reasons[1:])
    return columns(rows)


def columns(given: Iterable[Sequence[str]]) -> str:
    """Rows under each other; the last column is as wide as it comes."""
    rows = [tuple(map(printable, row)) for row in given]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    return "\n".join(
        "  ".join(
            [*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]
        ).rstrip()
        for row in rows
    )


def _reasons(body: Mapping[str, Any]) -> Iterator[str]:
    for side in ("egress", "ingress"):
        for found in body[side]["evidence"]:
            policy = found.get("policy")
            place = ""
            if policy:
                name = "/".join(filter(None, (policy.get("namespace"), policy["name"])))
                place = f"{policy['kind']} {name}{' ' + found['rule'] if 'rule' in found else ''}: "
            detail = found["detail"] or found["reason"]
            yield f"{side}: {place}{found['effect']}, {detail}"
    for assumption in body["assumptions"]:
        yield f"assuming: {assumption['detail']} [{assumption['code']}]"
    if "groups" in body:
        counted = [f"{group['verdict']} for {group['connections']}" for group in body["groups"]]
        yield f"connections: {', '.join(counted)}"
