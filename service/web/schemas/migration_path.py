"""The way from one engine to another: steps with their commands, and what they need."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from service.analysis.paths.plan import Enforcement, State, StepKind, Support
from service.model.cluster import Ipam
from service.web.schemas.base import Choice, Flag, ReadySchema, TextMap
from service.web.schemas.engine import engine_name
from service.web.schemas.network import text

COMMAND: dict[str, Any] = {
    "text": "az aks update --resource-group rg-demo --name demo --network-dataplane cilium",
    "purpose": "changes the data plane",
    "destructive": False,
    "prompts": False,
    "conditional": False,
}
_STEP: dict[str, Any] = {
    "id": "C1",
    "kind": "Change",
    "title": "Change the data plane to Cilium",
    "commands": [COMMAND],
    "verify": [],
    "floors": {"azureCli": "2.61.0"},
    "reimages": 1,
    "irreversible": True,
    "enforcement": "Uncertain",
    "optional": False,
    "unverified": False,
    "blocks": False,
    "conflicts": [],
}
_PREREQUISITE: dict[str, Any] = {
    "id": "C1-azureCli",
    "rule": "PATH-013",
    "step": "C1",
    "state": "Unknown",
    "detail": "needs Azure CLI 2.61.0; say which version is used (az version)",
    "values": {"floor": "2.61.0"},
    "commands": [],
}
PATH: dict[str, Any] = {
    "support": "InPlace",
    "reasons": [],
    "source": {"engine": "npm", "ipam": "Overlay"},
    "target": {"engine": "cilium", "ipam": "Overlay"},
    "reimages": 1,
    "irreversibleSteps": ["C1"],
    "alternatives": [],
    "prerequisites": [_PREREQUISITE],
    "requests": [],
    "steps": [_STEP],
    "leftovers": [],
    "conflicts": [],
    "rollback": {"available": False, "detail": "no way back is documented", "commands": []},
}


def texts(description: str = "") -> fields.List[str]:
    """A list of texts that is always there."""
    metadata = {"description": description} if description else {}
    return fields.List(fields.String(), required=True, metadata=metadata)


def ipam(**options: Any) -> Choice:
    """Where pods get their addresses from."""
    return Choice(
        "Ipam",
        [each.value for each in Ipam],
        description="Where pods get their addresses from.",
        **options,
    )


def step_kind(**options: Any) -> Choice:
    """What a step does to the cluster."""
    return Choice("StepKind", [each.value for each in StepKind], **options)


def enforcement(**options: Any) -> Choice:
    """Whether policies are enforced meanwhile."""
    return Choice(
        "Enforcement",
        [each.value for each in Enforcement],
        description="Whether policies are enforced while a step runs.",
        **options,
    )


class CommandSchema(ReadySchema):
    """One command for bash, quoted and on one line."""

    EXAMPLES = (COMMAND,)

    command = fields.String(required=True, data_key="text")
    purpose = text()
    destructive = Flag(required=True, metadata={"description": "Whether it deletes something."})
    prompts = Flag(required=True, metadata={"description": "Whether it asks at the keyboard."})
    conditional = Flag(
        required=True,
        metadata={"description": "Whether it is to be run only where its purpose says so."},
    )


class FloorsSchema(ReadySchema):
    """The lowest versions that something works with."""

    EXAMPLES = ({"azureCli": "2.61.0", "kubernetes": "1.29"},)

    azure_cli = text()
    kubernetes = text()
    rest_api = text()
    aks_preview = text()


class ClusterStateSchema(ReadySchema):
    """What the steps depend on; left out where it is not known."""

    EXAMPLES = ({"engine": "npm", "ipam": "Overlay", "windows": False},)

    engine = engine_name(required=True)
    ipam = ipam()
    auto_provisioning = Flag()
    windows = Flag()


class PathStepSchema(ReadySchema):
    """One step with everything that somebody needs to carry it out."""

    EXAMPLES = (_STEP,)

    id = fields.String(required=True)
    kind = step_kind(required=True)
    title = fields.String(required=True)
    detail = text()
    commands = fields.List(fields.Nested(CommandSchema), required=True)
    verify = fields.List(fields.Nested(CommandSchema), required=True)
    floors = fields.Nested(FloorsSchema, required=True)
    reimages = fields.Integer(
        required=True, metadata={"description": "How often every node is reimaged."}
    )
    irreversible = Flag(required=True)
    disruption = text()
    enforcement = enforcement(required=True)
    optional = Flag(required=True)
    unverified = Flag(required=True)
    blocks = Flag(
        required=True,
        metadata={"description": "AKS refuses the change until this has been done."},
    )
    conflicts = texts("Ids of `conflicts`.")
    source = text("Where it was read.")
    as_of = text("When it was read.", "2026-08-18")
    confidence = text()
    before = fields.Nested(ClusterStateSchema)
    after = fields.Nested(ClusterStateSchema)


class PrerequisiteSchema(ReadySchema):
    """Something that must hold before a step."""

    EXAMPLES = (_PREREQUISITE,)

    id = fields.String(required=True)
    rule = text("The rule that watches it, if one does.", "PATH-013")
    step = fields.String(required=True)
    state = Choice("PrerequisiteState", [each.value for each in State], required=True)
    detail = fields.String(required=True)
    pointer = text("JSON pointer into the output of `az aks show`.")
    values = TextMap(required=True)
    commands = fields.List(
        fields.Nested(CommandSchema), required=True, metadata={"description": "Bring it about."}
    )


class LeftoverSchema(ReadySchema):
    """Something that stays in the cluster."""

    what = fields.String(required=True)
    detail = fields.String(required=True)
    removable_after = text("When it may go.")


class SourceConflictSchema(ReadySchema):
    """Sources that disagree about a step, and what the path makes of it."""

    id = fields.String(required=True)
    subject = fields.String(required=True)
    values = texts()
    treatment = fields.String(required=True)


class RollbackSchema(ReadySchema):
    """The way back, or that there is none."""

    available = Flag(required=True)
    detail = fields.String(required=True)
    commands = fields.List(fields.Nested(CommandSchema), required=True)


class MigrationPathSchema(ReadySchema):
    """How to get there; without steps where there is no way."""

    EXAMPLES = (PATH,)

    support = Choice(
        "PathSupport",
        [each.value for each in Support],
        required=True,
        description="What AKS says to the change.",
    )
    reasons = texts()
    source = fields.Nested(ClusterStateSchema, required=True)
    target = fields.Nested(ClusterStateSchema, required=True)
    reimages = fields.Integer(required=True)
    irreversible_steps = texts("Ids of steps.")
    alternatives = texts()
    prerequisites = fields.List(fields.Nested(PrerequisiteSchema), required=True)
    requests = fields.List(
        fields.Nested(CommandSchema),
        required=True,
        metadata={"description": "Ask for values that commands use and the input does not tell."},
    )
    steps = fields.List(fields.Nested(PathStepSchema), required=True)
    leftovers = fields.List(fields.Nested(LeftoverSchema), required=True)
    conflicts = fields.List(fields.Nested(SourceConflictSchema), required=True)
    rollback = fields.Nested(RollbackSchema, required=True)
