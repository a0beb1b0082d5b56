"""PATH rules about the steps of a plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date

from service.analysis.paths.plan import Enforcement, Plan, State, Step
from service.analysis.paths.pools import count_nodes
from service.analysis.rulebook.answers import (
    CLEAR,
    Found,
    Sighting,
    joined,
    lacking,
    seen,
)
from service.analysis.rulebook.cluster_rules import windows_found
from service.analysis.rulebook.inputs import RuleInput
from service.analysis.rulebook.kinds import calico_definitions
from service.analysis.rulebook.predicates import Predicate
from service.knowledge import value
from service.model.finding import Severity

OVERLAY = frozenset({"O1", "O2", "O3"})
ENGINE_STEPS = frozenset({"U0", "I1", "I2"})

OfPlan = Callable[[RuleInput, Plan], Found]


def with_plan(predicate: OfPlan) -> Predicate:
    """A predicate that needs a plan; without one it is Unknown."""

    def asked_with_plan(asked: RuleInput) -> Found:
        if asked.plan is None:
            return lacking("target", "say where the cluster is to go, so that there is a plan")
        return predicate(asked, asked.plan)

    return asked_with_plan


def _steps(plan: Plan, ids: Iterable[str]) -> tuple[Step, ...]:
    wanted = set(ids)
    return tuple(each for each in plan.steps if each.id in wanted)


def _commands(steps: Iterable[Step]) -> tuple[str, ...]:
    return tuple(command.text for each in steps for command in each.commands)


def _both_options(asked: RuleInput, plan: Plan) -> Found:
    steps = _steps(plan, ("C1",))
    if not steps:
        return CLEAR
    commands = _commands(steps)
    detail = "with --network-dataplane alone the API may answer that it wants policy cilium"
    return seen(Sighting(detail, values={"commands": commands}, settled_by=("C1",)))


def _reimages(asked: RuleInput, plan: Plan) -> Found:
    if not plan.reimages:
        return CLEAR
    counted = count_nodes(asked.cluster, asked.snapshot.inventory)
    nodes = "all" if counted.now is None else f"all {counted.now}"
    return seen(
        Sighting(
            f"{nodes} nodes are reimaged {plan.reimages} time(s), every pool at the same time",
            pointer="/agentPoolProfiles",
            values={"reimages": plan.reimages, "pools": counted.pools},
        )
    )


def _gap(asked: RuleInput, plan: Plan) -> Found:
    policies = asked.snapshot.policy_set.policies
    gaps = [each for each in plan.steps if each.enforcement is not Enforcement.KEPT]
    if not gaps or not policies:
        return CLEAR
    absent = [each.id for each in gaps if each.enforcement is Enforcement.ABSENT]
    shown = ", ".join(each.id for each in gaps)
    worst = "nothing is enforced" if absent else "enforcement differs from node to node"
    return seen(
        Sighting(
            f"during {shown} {worst}; {len(policies)} policies are concerned",
            values={"steps": tuple(each.id for each in gaps), "policies": len(policies)},
        )
    )


def _via_none(asked: RuleInput, plan: Plan) -> Found:
    steps = _steps(plan, ENGINE_STEPS)
    if len(steps) < 2:
        return CLEAR
    return seen(
        Sighting(
            "one engine has to go before the other comes",
            values={"commands": _commands(steps)},
            settled_by=tuple(each.id for each in steps),
        )
    )


def _auto_provisioning(asked: RuleInput) -> Found:
    mode = asked.cluster.node_provisioning_mode
    if asked.plan is not None and not asked.plan.has("C1"):
        return CLEAR
    if mode is None:
        return lacking("nodeProvisioningProfile", "give nodeProvisioningProfile.mode (az aks show)")
    if mode.lower() != "auto":
        return CLEAR
    steps = _steps(asked.plan, ("N0", "N1")) if asked.plan else ()
    return seen(
        Sighting(
            "node auto-provisioning is on",
            pointer="/nodeProvisioningProfile/mode",
            settled_by=tuple(each.id for each in steps),
        )
    )


def _two_updates(asked: RuleInput, plan: Plan) -> Found:
    overlay, dataplane = _steps(plan, OVERLAY), _steps(plan, ("C1",))
    if not overlay or not dataplane:
        return CLEAR
    steps = tuple(each.id for each in (*overlay, *dataplane))
    detail = "pod addresses and data plane change, in two updates one after the other"
    return seen(Sighting(detail, settled_by=steps))


def _no_engine_for_overlay(asked: RuleInput, plan: Plan) -> Found:
    """The engine at the overlay step, whoever made the plan."""
    found: list[Sighting] = []
    for each in _steps(plan, OVERLAY):
        engine = each.before.engine if each.before else plan.source.engine
        if engine in value("floors", "enginesThatBlockOverlay"):
            found.append(Sighting(f"{engine} still runs when {each.id} begins"))
        elif plan.has("U0"):
            detail = f"{plan.source.engine} is uninstalled before {each.id}"
            found.append(Sighting(detail, settled_by=("U0",)))
    return seen(*found)


def from_prerequisites(asked: RuleInput, plan: Plan, rule: str) -> Found:
    """What the plan found out about what its steps need."""
    parts: list[Found] = []
    for each in plan.prerequisites:
        if each.rule != rule:
            continue
        if each.state is State.NOT_MET:
            parts.append(
                seen(
                    Sighting(
                        f"{each.step}: {each.detail}",
                        pointer=each.pointer,
                        values=dict(each.values),
                        remedy=" && ".join(command.text for command in each.commands),
                    )
                )
            )
        elif each.state is State.UNKNOWN:
            parts.append(lacking(each.id, f"{each.step}: {each.detail}"))
    return joined(parts)


def _prerequisites_of(rule: str) -> Predicate:
    return with_plan(lambda asked, plan: from_prerequisites(asked, plan, rule))


def _irreversible(asked: RuleInput, plan: Plan) -> Found:
    return seen(*(Sighting(f"{each.id}: {each.title.lower()}") for each in _steps(plan, OVERLAY)))


def _kubenet(asked: RuleInput, plan: Plan) -> Found:
    found = from_prerequisites(asked, plan, "PATH-011")
    if plan.has("O2") and asked.stated.custom_route_table:
        detail = "the subnet's own route table is detached: copy its routes first"
        found = joined((found, seen(Sighting(detail, Severity.HIGH))))
    return found


def _definitions_order(asked: RuleInput, plan: Plan) -> Found:
    """Definitions that are deleted, or are to be, before the engine that needs them is gone."""
    ids = [each.id for each in plan.steps]
    leaving = [index for index, each in enumerate(ids) if each in {"U0", "C1"}]
    names = asked.stated.resource_definitions
    if leaving and names is not None and not calico_definitions(names):
        return seen(
            Sighting(
                "no definition of Calico is left, and Calico has not been uninstalled yet",
                values={"definitions": len(names)},
                remedy="Restore the definitions from a backup before the uninstall.",
            )
        )
    if "D1" not in ids or (leaving and ids.index("D1") > leaving[0]):
        return CLEAR
    return seen(Sighting("the definitions are deleted before Calico is gone"))


def _leftovers(asked: RuleInput) -> Found:
    names = asked.stated.resource_definitions
    if names is None:
        return lacking("resourceDefinitions", "give the names of the CustomResourceDefinitions")
    found = calico_definitions(names)
    if not found:
        return CLEAR
    steps = ("D1",) if asked.plan and asked.plan.has("D1") else ()
    return seen(
        Sighting(
            f"{len(found)} definitions of Calico, for example {found[0]}",
            values={"definitions": found},
            settled_by=steps,
        )
    )


def _backup(asked: RuleInput, plan: Plan) -> Found:
    passes_none = any(each.after and not each.after.enforces for each in plan.steps)
    if not passes_none or not asked.snapshot.policy_set.policies:
        return CLEAR
    steps = _steps(plan, ("B1", "B2"))
    return seen(
        Sighting(
            "the engine goes, and one source says that the policies go with it",
            values={"commands": _commands(steps)},
            settled_by=tuple(each.id for each in steps),
        )
    )


def _no_rollback(asked: RuleInput, plan: Plan) -> Found:
    if not plan.has("C1"):
        return CLEAR
    return seen(Sighting(plan.rollback.detail or "no way back is documented"))


def _npm_as_target(asked: RuleInput) -> Found:
    found: list[Sighting] = []
    for each in value("retirements", "retirements"):
        if asked.profile.engine in each.get("engines", ()):
            days = (date.fromisoformat(each["date"]) - asked.as_of).days
            when = f"in {days} days" if days > 0 else "past"
            found.append(
                Sighting(
                    f"{each['what']} ends on {each['date']} ({when})",
                    values={"date": each["date"], "daysLeft": days},
                )
            )
    return seen(*found)


def _masking(asked: RuleInput, plan: Plan) -> Found:
    if not _steps(plan, OVERLAY):
        return CLEAR
    name = value("platform", "maskingConfigMap")
    if asked.stated.config_maps is None:
        return lacking("configMaps", f"say whether there is a ConfigMap kube-system/{name}")
    if f"kube-system/{name}" not in asked.stated.config_maps:
        return CLEAR
    return seen(Sighting(f"ConfigMap kube-system/{name} exists"))


PREDICATES: Mapping[str, Predicate] = {
    "PATH-001": with_plan(_both_options),
    "PATH-002": with_plan(_reimages),
    "PATH-003": with_plan(_gap),
    "PATH-004": with_plan(_via_none),
    "PATH-005": windows_found,
    "PATH-006": _auto_provisioning,
    "PATH-007": with_plan(_two_updates),
    "PATH-008": with_plan(_no_engine_for_overlay),
    "PATH-009": _prerequisites_of("PATH-009"),
    "PATH-010": with_plan(_irreversible),
    "PATH-011": with_plan(_kubenet),
    "PATH-012": _prerequisites_of("PATH-012"),
    "PATH-013": _prerequisites_of("PATH-013"),
    "PATH-016": with_plan(_definitions_order),
    "PATH-017": _leftovers,
    "PATH-018": with_plan(_backup),
    "PATH-019": with_plan(_no_rollback),
    "PATH-021": _npm_as_target,
    "PATH-022": with_plan(_masking),
}
