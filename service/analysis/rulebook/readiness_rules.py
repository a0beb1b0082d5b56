"""PATH rules about what surrounds a change: budgets, Terraform, ranges, later additions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from service.analysis.rulebook.answers import (
    CLEAR,
    Found,
    Missing,
    Outcome,
    Sighting,
    joined,
    lacking,
    seen,
)
from service.analysis.rulebook.block_rules import NODE_ADDRESSES, POD_ADDRESSES, reaches
from service.analysis.rulebook.change_rules import PREDICATES as CHANGES
from service.analysis.rulebook.inputs import RuleInput
from service.analysis.rulebook.kind_rules import fqdn_places, l7_places
from service.analysis.rulebook.plan_rules import with_plan
from service.analysis.rulebook.predicates import Predicate, once
from service.analysis.rulebook.rules import rules
from service.analysis.rulebook.service_rules import PREDICATES as SERVICES
from service.knowledge import value
from service.model.cilium import CiliumPolicy
from service.model.cluster import NodePool
from service.model.engine import Version

BUDGETS = Missing("disruptionBudgets", "give the PodDisruptionBudgets with what they allow")

#: MIG rules whose remedy needs a kind that exists only after the move.
ADDED_LATER = ("MIG-002", "MIG-004", "MIG-007", "MIG-009", "MIG-010")


def _budgets(asked: RuleInput) -> Found:
    if asked.plan is not None and not asked.plan.reimages:
        return CLEAR
    return joined(_budget_parts(asked))


def _budget_parts(asked: RuleInput) -> Iterator[Found]:
    budgets = asked.stated.disruption_budgets
    if budgets is None:
        yield Found(missing=(BUDGETS,))
    for each in budgets or ():
        if each.disruptions_allowed == 0:
            detail = f"budget {each.namespace}/{each.name} allows no disruption"
            yield seen(Sighting(detail, values={"budget": f"{each.namespace}/{each.name}"}))
    engine = asked.source.engine if asked.source else asked.profile.engine
    for each in value("platform", "drainBlockers"):
        if engine in each["engines"]:
            yield seen(Sighting(f"the budget of {each['name']} is known to block drains"))
    pools = [each for each in asked.cluster.node_pools if (each.mode or "").lower() == "system"]
    if pools and _nodes(pools) == 1:
        names = [e["name"] for e in value("platform", "drainBlockers") if e.get("singleSystemNode")]
        detail = f"a single system node; the budgets of {' and '.join(names)} keep it from draining"
        yield seen(Sighting(detail, pointer="/agentPoolProfiles"))


def _nodes(pools: list[NodePool]) -> int | None:
    counts = [each.count for each in pools if each.count is not None]
    return sum(counts) if len(counts) == len(pools) else None


def _terraform(asked: RuleInput) -> Found:
    stated = asked.stated
    if stated.terraform is False or stated.terraform_replaces is False:
        return CLEAR
    if stated.terraform is None and stated.terraform_replaces is None and stated.azurerm is None:
        return lacking("terraform", "say whether Terraform runs the cluster")
    if stated.terraform_replaces:
        return seen(Sighting("terraform plan says that the cluster is replaced"))
    bound = value("floors", "azurermReplacesClusterUpTo")
    if stated.azurerm is None:
        return lacking("azurerm", "give the version of the azurerm provider")
    if Version.parse(stated.azurerm) <= Version.parse(bound):
        detail = f"azurerm {stated.azurerm} replaces the cluster when the network profile changes"
        return seen(Sighting(detail, values={"azurerm": stated.azurerm, "upTo": bound}))
    return lacking("terraformPlan", "say whether terraform plan replaces the cluster")


def _added_later(asked: RuleInput) -> Found:
    source = asked.source.engine if asked.source else ""
    names = [
        each for each in ADDED_LATER if rules()[each].asks_between(source, asked.profile.engine)
    ]
    found = {each: _of_rule(each, asked) for each in names}
    hits = tuple(each for each, answer in found.items() if answer.outcome is Outcome.HIT)
    missing = joined(found.values()).missing
    if not hits:
        return Found(missing=missing)
    steps = ("F1",) if asked.plan and asked.plan.has("F1") else ()
    detail = f"after the last node is ready, add what {', '.join(hits)} ask for"
    return Found((Sighting(detail, values={"rules": hits}, settled_by=steps),), missing)


def _of_rule(rule: str, asked: RuleInput) -> Found:
    return once(rule, CHANGES.get(rule) or SERVICES[rule], asked)


def _services_later(asked: RuleInput) -> Found:
    policies = [
        each for each in asked.snapshot.policy_set.policies if isinstance(each, CiliumPolicy)
    ]
    wanted = {
        "L7": bool(asked.stated.plans_l7) or any(any(l7_places(each)) for each in policies),
        "FQDN": bool(asked.stated.plans_fqdn) or any(any(fqdn_places(each)) for each in policies),
    }
    modes = tuple(name for name, holds in wanted.items() if holds)
    if not modes:
        return CLEAR
    steps = ("A1",) if asked.plan and asked.plan.has("A1") else ()
    detail = f"{' and '.join(modes)} rules are planned; the services are enabled after the update"
    return seen(Sighting(detail, values={"modes": modes}, settled_by=steps))


def _ranges(asked: RuleInput) -> Found:
    if not any(True for _ in reaches(asked)):
        return CLEAR
    ranges = asked.sight.ranges
    unknown = [
        each
        for each, known in (
            (POD_ADDRESSES, ranges.knows_pods),
            (NODE_ADDRESSES, ranges.knows_nodes),
        )
        if not known
    ]
    return seen(
        *(
            Sighting(
                f"policies have address blocks, and it is open what they cover: {each.detail}",
                values={"missing": each.what},
            )
            for each in unknown
        )
    )


PREDICATES: Mapping[str, Predicate] = {
    "PATH-014": _budgets,
    "PATH-015": _terraform,
    "PATH-020": _added_later,
    "PATH-024": _services_later,
    "PATH-025": with_plan(lambda asked, plan: _ranges(asked)),
}
