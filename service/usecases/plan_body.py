"""The plan of a change as JSON values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from service.analysis.paths.commands import Command
from service.analysis.paths.plan import ClusterState, Floors, Plan, Prerequisite, Step

Body = dict[str, Any]


def plan_body(plan: Plan) -> Body:
    """The whole way from one state of a cluster to another."""
    return {
        "support": plan.support.value,
        "reasons": list(plan.reasons),
        "source": state_body(plan.source),
        "target": state_body(plan.target),
        "reimages": plan.reimages,
        "irreversibleSteps": list(plan.irreversible_steps),
        "alternatives": list(plan.alternatives),
        "prerequisites": [_prerequisite_body(each) for each in plan.prerequisites],
        "requests": command_bodies(plan.requests),
        "steps": [_step_body(each) for each in plan.steps],
        "leftovers": [
            _without_empty(
                {"what": each.what, "detail": each.detail, "removableAfter": each.removable_after}
            )
            for each in plan.leftovers
        ],
        "conflicts": [
            {
                "id": each.id,
                "subject": each.subject,
                "values": list(each.values),
                "treatment": each.treatment,
            }
            for each in plan.conflicts
        ],
        "rollback": {
            "available": plan.rollback.available,
            "detail": plan.rollback.detail,
            "commands": command_bodies(plan.rollback.commands),
        },
    }


def command_bodies(commands: Iterable[Command]) -> list[Body]:
    """Commands as they are typed."""
    return [
        {
            **_without_empty({"text": each.text, "purpose": each.purpose}),
            "destructive": each.destructive,
            "prompts": each.prompts,
            "conditional": each.conditional,
        }
        for each in commands
    ]


def floors_body(floors: Floors) -> Body:
    """The lowest versions; those that are not documented are left out."""
    return _without_empty(
        {
            "azureCli": floors.azure_cli,
            "kubernetes": floors.kubernetes,
            "restApi": floors.rest_api,
            "aksPreview": floors.aks_preview,
        }
    )


def state_body(state: ClusterState) -> Body:
    """What steps depend on; what is not known is left out."""
    return _without_empty(
        {
            "engine": state.engine,
            "ipam": state.ipam.value if state.ipam else None,
            "autoProvisioning": state.auto_provisioning,
            "windows": state.windows,
        }
    )


def _step_body(step: Step) -> Body:
    body = {
        "id": step.id,
        "kind": step.kind.value,
        "title": step.title,
        "detail": step.detail,
        "commands": command_bodies(step.commands),
        "verify": command_bodies(step.verify),
        "floors": floors_body(step.floors),
        "reimages": step.reimages,
        "irreversible": step.irreversible,
        "disruption": step.disruption,
        "enforcement": step.enforcement.value,
        "optional": step.optional,
        "unverified": step.unverified,
        "blocks": step.blocks,
        "conflicts": list(step.conflicts),
        "source": step.source,
        "asOf": step.as_of,
        "confidence": step.confidence,
        "before": state_body(step.before) if step.before else None,
        "after": state_body(step.after) if step.after else None,
    }
    return _without_empty(body)


def _prerequisite_body(found: Prerequisite) -> Body:
    body = {
        "id": found.id,
        "rule": found.rule,
        "step": found.step,
        "state": found.state.value,
        "detail": found.detail,
        "pointer": found.pointer,
        "values": dict(found.values),
        "commands": command_bodies(found.commands),
    }
    return _without_empty(body)


def _without_empty(body: Body) -> Body:
    return {name: each for name, each in body.items() if each is not None and each != ""}
