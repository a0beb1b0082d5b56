"""What the service says about itself."""

from __future__ import annotations

from marshmallow import fields

from service.web.schemas.base import AnswerSchema, Pattern, RequestSchema


class HealthSchema(AnswerSchema):
    """The process answers."""

    EXAMPLES = ({"status": "ok"},)

    status = fields.String(required=True, metadata={"description": "Always `ok`."})


class ReadinessCheckSchema(AnswerSchema):
    """One thing that the service needs."""

    name = fields.String(required=True)
    status = fields.String(required=True, metadata={"description": "Always `ok`."})


class ReadinessSchema(AnswerSchema):
    """The service can answer requests."""

    EXAMPLES = (
        {"status": "ok", "checks": [{"name": "database", "status": "ok"}]},
        {"status": "ok"},
    )

    status = fields.String(required=True, metadata={"description": "Always `ok`."})
    checks = fields.List(
        fields.Nested(ReadinessCheckSchema), metadata={"description": "With `verbose` only."}
    )


class ReadinessQuerySchema(RequestSchema):
    """How much to say."""

    verbose = fields.String(
        load_default="false",
        validate=Pattern("^(true|false)?$"),
        metadata={"description": "List what was looked at. May stand without a value."},
    )
