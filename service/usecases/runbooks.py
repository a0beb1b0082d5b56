"""Runbooks as JSON values, their commands filled in with what is asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from service.analysis.paths.runbooks import (
    Runbook,
    RunbookStep,
    RunbookWarning,
    make_runbook,
    parameters_of,
    runbook_ids,
)
from service.knowledge import value
from service.usecases.errors import FieldError, InvalidParameter, NotFound
from service.usecases.paging import Page, PageRequest, page_of_sorted
from service.usecases.plan_body import command_bodies, floors_body
from service.usecases.texts import fault_of_text

Body = dict[str, Any]

LONGEST_VALUE = 300
_ASKS = "set it to "
#: No runbook's own words depend on the day that a list is asked for.
_ANY_DAY = date(2026, 1, 1)


def list_runbooks(page: PageRequest) -> Page[Body]:
    """The runbooks in the order of the book, without their steps."""
    numbered = list(enumerate(runbook_ids()))
    found = page_of_sorted(numbered, page, lambda each: (each[0],))
    bodies = tuple(_head(make_runbook(id_, {}, _ANY_DAY), {}) for _, id_ in found.items)
    return Page(bodies, found.next_cursor)


def get_runbook(runbook: str, values: Mapping[str, str], as_of: date) -> Body:
    """A runbook with its commands; what is not given becomes a shell variable.

    `InvalidParameter` for a value that the runbook does not take.
    """
    if runbook not in runbook_ids():
        raise NotFound("RunbookNotFound", f"there is no runbook {runbook[:80]!r}")
    _check(runbook, values)
    made = make_runbook(runbook, values, as_of)
    return {
        **_head(made, values),
        "asOf": as_of.isoformat(),
        "floors": floors_body(made.floors),
        "requests": command_bodies(made.requests),
        "steps": [_step_body(each) for each in made.steps],
        "warnings": [_warning_body(each) for each in made.warnings],
        "isRetired": made.is_retired,
    }


def _check(runbook: str, values: Mapping[str, str]) -> None:
    taken = parameters_of(runbook)
    faults: list[FieldError] = []
    for name, given in values.items():
        if name not in taken:
            detail = f"is none of {', '.join(taken)}"
            faults.append(FieldError(f"/{name}", detail, "UnknownParameter"))
        elif fault := fault_of_text(given, LONGEST_VALUE) or _fault_of_line(given):
            faults.append(FieldError(f"/{name}", fault, "BadValue"))
    if faults:
        detail = f"runbook {runbook} does not take these values"
        raise InvalidParameter("InvalidRunbookParameter", detail, faults)


def _fault_of_line(text: str) -> str:
    if not text:
        return "must not be empty"
    return "must be on one line" if len(text.splitlines()) > 1 else ""


def _head(made: Runbook, values: Mapping[str, str]) -> Body:
    body: Body = {"id": made.id, "title": made.title}
    if made.engine is not None:
        body["engine"] = made.engine
    return {
        **body,
        "parameters": [_parameter_body(name, values) for name in parameters_of(made.id)],
        "source": made.source,
        "sourceAsOf": made.as_of,
    }


def _parameter_body(name: str, values: Mapping[str, str]) -> Body:
    body: Body = {"name": name}
    if name in values:
        body["value"] = values[name]
    default = (value("runbooks", "parameters").get(name) or {}).get("default")
    if default is not None:
        body["default"] = default
    asked: str = (value("steps", "names").get(name) or {}).get("ask", "")
    return {**body, "detail": asked.removeprefix(_ASKS)} if asked else body


def _step_body(step: RunbookStep) -> Body:
    body: Body = {"id": step.id, "kind": step.kind.value, "title": step.title}
    if step.detail:
        body["detail"] = step.detail
    return {
        **body,
        "commands": command_bodies(step.commands),
        "verify": command_bodies(step.verify),
    }


def _warning_body(warning: RunbookWarning) -> Body:
    return {
        "what": warning.what,
        "date": warning.date,
        "isPast": warning.is_past,
        "detail": warning.detail,
    }
