"""Problems, as documented; `service.web.problems` writes them."""

from __future__ import annotations

from marshmallow import fields

from service.web.problem_types import INVALID_BODY
from service.web.schemas.base import AnswerSchema


class ProblemErrorSchema(AnswerSchema):
    """One fault of a request. It names a place in the body, a query parameter or a header."""

    detail = fields.String(required=True, metadata={"description": "What is wrong, for people."})
    code = fields.String(metadata={"description": "What is wrong, for programs."})
    pointer = fields.String(
        metadata={"description": "JSON pointer into the body, or into the uploaded document."}
    )
    parameter = fields.String(metadata={"description": "Name of a query parameter."})
    header = fields.String(metadata={"description": "Name of a header."})
    document = fields.Integer(
        metadata={"description": "Number of the document in the upload, from 1.", "minimum": 1}
    )
    line = fields.Integer(metadata={"description": "Line in the upload, from 1.", "minimum": 1})
    part = fields.String(metadata={"description": "Name of the uploaded file, where several are."})


class ProblemSchema(AnswerSchema):
    """Why a request was refused (RFC 9457)."""

    EXAMPLES = (
        {
            "type": INVALID_BODY.uri,
            "title": INVALID_BODY.title,
            "status": INVALID_BODY.status,
            "code": INVALID_BODY.code,
            "detail": "1 field is wrong.",
            "instance": "/v1/clusters",
            "requestId": "5f0c2d9f7c0e4c3f8a4f0b3d9a1e6b7c",
            "errors": [{"pointer": "/engine", "detail": "Missing data for required field."}],
        },
    )

    type = fields.String(required=True, metadata={"description": "The kind of problem, a URI."})
    title = fields.String(required=True, metadata={"description": "The kind in words."})
    status = fields.Integer(required=True, metadata={"description": "The status of the answer."})
    code = fields.String(
        required=True,
        metadata={"description": "Stable and finer than `type`: what programs should look at."},
    )
    detail = fields.String(required=True, metadata={"description": "What happened this time."})
    instance = fields.String(required=True, metadata={"description": "Path of the request."})
    request_id = fields.String(
        required=True, metadata={"description": "Finds the request in the service's log."}
    )
    errors = fields.List(
        fields.Nested(ProblemErrorSchema),
        metadata={"description": "Each fault, at most 1000 of them."},
    )
    error_count = fields.Integer(
        metadata={"description": "How many faults there are, where `errors` does not hold all."}
    )


class ProblemTypeSchema(AnswerSchema):
    """A kind of problem."""

    type = fields.String(required=True, attribute="uri", metadata={"description": "Its URI."})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    description = fields.String(required=True)


class ProblemTypeListSchema(AnswerSchema):
    """All kinds of problem."""

    items = fields.List(fields.Nested(ProblemTypeSchema), required=True)
