"""The query and the answer of every list."""

from __future__ import annotations

import marshmallow as ma
from marshmallow import fields

from service.usecases.paging import DEFAULT_PAGE_SIZE, LARGEST_PAGE_SIZE
from service.web.schemas.base import AnswerSchema, QueryNumber, RequestSchema


class PageQuerySchema(RequestSchema):
    """Which page of a list."""

    page_size = QueryNumber(
        load_default=DEFAULT_PAGE_SIZE,
        validate=ma.validate.Range(min=1),
        metadata={
            "description": f"How many items at most; more than {LARGEST_PAGE_SIZE} means that many."
        },
    )
    page_token = fields.String(
        metadata={"description": "`nextPageToken` of the page before, with the same filters."}
    )


class PageSchema(AnswerSchema):
    """A page of a list; those that inherit add `items`."""

    next_page_token = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Ask with it for the next page; null on the last one."},
    )
