"""Runbooks: creating a cluster with an engine, installing one, removing one."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from service.web.schemas.base import Flag, ReadySchema, RequestSchema
from service.web.schemas.engine import engine_name
from service.web.schemas.migration_path import COMMAND, CommandSchema, FloorsSchema, step_kind
from service.web.schemas.network import text
from service.web.schemas.paging import PageSchema
from service.web.schemas.report import as_of_wish, day

_SUMMARY: dict[str, Any] = {
    "id": "create-cilium-overlay",
    "title": "Create a cluster with Cilium",
    "engine": "cilium",
    "parameters": [{"name": "resourceGroup"}, {"name": "nodeCount", "default": "3"}],
    "source": "azure-cni-powered-by-cilium.md",
    "sourceAsOf": "2026-08-18",
}


class RunbookParameterSchema(ReadySchema):
    """A value that the commands use; a shell variable where nothing is given."""

    EXAMPLES = ({"name": "nodeCount", "default": "3", "value": "5"},)

    name = fields.String(required=True)
    value = text("What was asked with.")
    default = text("What holds otherwise.", "3")
    detail = text()


class RunbookSummarySchema(ReadySchema):
    """A runbook in the list."""

    EXAMPLES = (_SUMMARY,)

    id = fields.String(required=True)
    title = fields.String(required=True)
    engine = engine_name(metadata={"description": "The engine that it is about, if one."})
    parameters = fields.List(fields.Nested(RunbookParameterSchema), required=True)
    source = fields.String(required=True)
    source_as_of = day("When the source was read.", required=True)


class RunbookStepSchema(ReadySchema):
    """One step of a runbook."""

    id = fields.String(required=True)
    kind = step_kind(required=True)
    title = fields.String(required=True)
    detail = text()
    commands = fields.List(fields.Nested(CommandSchema), required=True)
    verify = fields.List(fields.Nested(CommandSchema), required=True)


class RunbookWarningSchema(ReadySchema):
    """Something that ends, or has ended, and that the runbook builds on."""

    what = fields.String(required=True)
    date = day("Its end.", required=True)
    is_past = Flag(required=True)
    detail = fields.String(required=True)


class RunbookSchema(RunbookSummarySchema):
    """A plan that stands for itself, with its commands filled in."""

    EXAMPLES = (
        {
            **_SUMMARY,
            "asOf": "2026-11-22",
            "floors": {"azureCli": "2.61.0"},
            "requests": [],
            "steps": [
                {
                    "id": "create",
                    "kind": "Change",
                    "title": "Create the cluster",
                    "commands": [COMMAND],
                    "verify": [],
                }
            ],
            "warnings": [],
            "isRetired": False,
        },
    )

    as_of = day("The day that dates were compared with.", required=True)
    floors = fields.Nested(FloorsSchema, required=True)
    requests = fields.List(fields.Nested(CommandSchema), required=True)
    steps = fields.List(fields.Nested(RunbookStepSchema), required=True)
    warnings = fields.List(fields.Nested(RunbookWarningSchema), required=True)
    is_retired = Flag(
        required=True,
        metadata={"description": "Whether it builds on something that is past its end."},
    )


class RunbookPageSchema(PageSchema):
    """All runbooks."""

    items = fields.List(fields.Nested(RunbookSummarySchema), required=True)


class RunbookQuerySchema(RequestSchema):
    """Values for the commands; each runbook takes those that it lists."""

    resource_group = text(example="rg-demo")
    cluster = text(example="demo")
    location = text(example="westeurope")
    node_count = text(example="3")
    pod_cidr = text(example="192.168.0.0/16")
    windows_admin_username = text(example="azureuser")
    node_subnet_id = text("Azure id of the nodes' subnet.")
    pod_subnet_id = text("Azure id of the pods' subnet.")
    as_of = as_of_wish()
