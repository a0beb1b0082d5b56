"""The view of Microsoft's validator as JSON values."""

from __future__ import annotations

from typing import Any

from service.analysis.validator.view import BlindSpot, Flag, Row, ValidatorView
from service.usecases.verdict_json import policy_body

Body = dict[str, Any]

_SHOWN_FLAGS = 100


def validator_body(view: ValidatorView) -> Body:
    """The five rows with a proof of each flag, and what the tool does not see."""
    return {
        "rows": [_row_body(each) for each in view.rows],
        "closing": view.closing,
        "confirmed": view.confirmed,
        "blindSpots": [_blind_spot_body(each) for each in view.blind_spots],
    }


def _row_body(row: Row) -> Body:
    body = {
        "id": row.id,
        "title": row.title,
        "condition": row.condition,
        "count": row.count,
        "compatible": row.compatible,
        "flags": [_flag_body(each) for each in row.flags[:_SHOWN_FLAGS]],
    }
    if row.count > _SHOWN_FLAGS:
        body["omitted"] = row.count - _SHOWN_FLAGS
    return body


def _flag_body(flag: Flag) -> Body:
    body: Body = {"subject": flag.subject}
    if flag.direction:
        body["direction"] = flag.direction
    if flag.policy is not None:
        body["policy"] = policy_body(flag.policy)
        body["pointer"] = f"/spec/{flag.direction.lower()}"
    body["mark"] = flag.proof.mark.value
    if flag.proof.code:
        body["code"] = flag.proof.code
    return {**body, "reason": flag.proof.reason}


def _blind_spot_body(spot: BlindSpot) -> Body:
    return {
        "id": spot.id,
        "detail": spot.detail,
        "outcome": spot.outcome.value,
        "rules": list(spot.rules),
        "hits": list(spot.hits),
    }
