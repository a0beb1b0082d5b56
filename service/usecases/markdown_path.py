"""The path of a migration as Markdown: what to run, in which order, and what it costs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from service.usecases.markdown_text import (
    bullets,
    code,
    fenced,
    paragraph,
    plain,
    sections,
    table,
)

Body = Mapping[str, Any]

_SUPPORT = {
    "NothingToDo": "the cluster is there already",
    "InPlace": "one documented operation",
    "Indirect": "several documented operations, one after the other",
    "Unverified": "a step is not documented for this cluster, or its sources disagree",
    "Blocked": "something has to go first",
    "NotSupported": "AKS has no way there",
}
_ENFORCEMENT = {
    "Uncertain": "policies are enforced on some nodes and not on others",
    "Absent": "no policy is enforced",
}
_FLOORS = {
    "azureCli": "Azure CLI",
    "kubernetes": "Kubernetes",
    "restApi": "REST API",
    "aksPreview": "aks-preview",
}


def path_section(path: Body) -> str:
    """The whole way."""
    return sections(
        [
            "## Path",
            f"**{path['support']}**: {_SUPPORT[path['support']]}.",
            bullets(map(plain, path["reasons"])),
            _cost(path),
            _prerequisites(path["prerequisites"]),
            _requests(path["requests"]),
            *(_step(number, each) for number, each in enumerate(path["steps"], 1)),
            _rollback(path["rollback"]),
            _leftovers(path["leftovers"]),
            _alternatives(path["alternatives"]),
            _conflicts(path["conflicts"]),
        ]
    )


def commands_block(commands: Iterable[Body]) -> str:
    """Commands ready to be pasted, what each is for above it."""
    lines: list[str] = []
    for each in commands:
        if each.get("purpose"):
            lines.append(f"# {' '.join(str(each['purpose']).split())}")
        if each["destructive"]:
            lines.append("# deletes; look at what it names first")
        lines.append(each["text"])
    return fenced("\n".join(lines), "bash") if lines else ""


def floors_text(floors: Mapping[str, str]) -> str:
    """The lowest versions in words."""
    return ", ".join(f"{_FLOORS[name]} {plain(each)}" for name, each in floors.items())


def _cost(path: Body) -> str:
    if not path["steps"]:
        return ""
    irreversible = ", ".join(map(plain, path["irreversibleSteps"])) or "none"
    points = [f"All nodes are reimaged {path['reimages']} time(s)."] if path["reimages"] else []
    return bullets([*points, f"Steps that cannot be undone: {irreversible}."])


def _prerequisites(found: Iterable[Body]) -> str:
    listed = list(found)
    if not listed:
        return ""
    rows = [
        (each["state"], plain(each["step"]), plain(each["detail"]), plain(each.get("rule", "")))
        for each in listed
    ]
    fixes = [
        sections([f"To meet {plain(each['id'])}:", commands_block(each["commands"])])
        for each in listed
        if each["commands"]
    ]
    head = ("State", "Step", "What", "Rule")
    return sections(["### Prerequisites", table(head, rows), *fixes])


def _requests(requests: list[Body]) -> str:
    if not requests:
        return ""
    words = "Set these variables; the first block stops with a message for each that is not set."
    return sections(["### Values to set first", words, commands_block(requests)])


def _step(number: int, step: Body) -> str:
    verify = commands_block(step["verify"])
    return sections(
        [
            f"### {number}. {plain(step['title'])} ({plain(step['id'])})",
            paragraph(step.get("detail", "")),
            bullets(_remarks(step)),
            commands_block(step["commands"]),
            sections(["Then look:", verify]) if verify else "",
        ]
    )


def _remarks(step: Body) -> Iterator[str]:
    if step["blocks"]:
        yield "**AKS refuses the change until this has been done.**"
    if step["optional"]:
        yield "Optional."
    if step["irreversible"]:
        yield "**Cannot be undone**, or no way back is documented."
    if step["reimages"]:
        yield f"All nodes are reimaged {step['reimages']} time(s)."
    if step.get("disruption"):
        yield f"Disruption: {plain(step['disruption'])}."
    if step["enforcement"] in _ENFORCEMENT:
        yield f"Meanwhile {_ENFORCEMENT[step['enforcement']]}."
    if step["unverified"]:
        yield "Not verified: try it on a copy of the cluster."
    if step["floors"]:
        floors = ", ".join(
            f"{_FLOORS[name]} {plain(each)}" for name, each in step["floors"].items()
        )
        yield f"Needs at least {floors}."
    yield f"Source: {plain(step['source'])} (read {step['asOf']}, confidence {step['confidence']})."


def _rollback(rollback: Body) -> str:
    if not rollback["detail"]:
        return ""
    word = "There is a way back" if rollback["available"] else "There is no way back"
    return sections(
        [
            "### Way back",
            f"{word}: {plain(rollback['detail'])}.",
            commands_block(rollback["commands"]),
        ]
    )


def _leftovers(leftovers: Iterable[Body]) -> str:
    rows = [
        (plain(each["what"]), plain(each["detail"]), code(each.get("removableAfter", "")))
        for each in leftovers
    ]
    head = ("What stays", "What about it", "May go after")
    return sections(["### What stays behind", table(head, rows)]) if rows else ""


def _alternatives(alternatives: Iterable[str]) -> str:
    points = bullets(map(plain, alternatives))
    return sections(["### Other ways", points]) if points else ""


def _conflicts(conflicts: Iterable[Body]) -> str:
    rows = [
        (
            f"{each['id']} {plain(each['subject'])}",
            "<br>".join(map(plain, each["values"])),
            plain(each["treatment"]),
        )
        for each in conflicts
    ]
    head = ("Question", "What the sources say", "What this plan does")
    return sections(["### Where sources disagree", table(head, rows)]) if rows else ""
