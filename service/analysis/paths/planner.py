"""Plans the way from the engine that a cluster has to the one that it is to get."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from service.analysis.paths.commands import Command, Names, render, requests
from service.analysis.paths.graph import Goal, Taken, cheapest
from service.analysis.paths.plan import (
    ClusterState,
    Plan,
    Prerequisite,
    Rollback,
    State,
    Step,
    StepKind,
    Support,
)
from service.analysis.paths.pools import has_windows, windows_pools
from service.analysis.paths.prerequisites import CHECKS, Asked
from service.analysis.paths.remarks import (
    alternatives,
    conflict_notes,
    conflicts_of,
    leftovers,
    no_way,
)
from service.analysis.paths.steps import floors_of, names_of, operation_of, placeholders, step_of
from service.analysis.rulebook.rules import rules
from service.analysis.stated import StatedFacts, Target
from service.knowledge import value
from service.model.cluster import ClusterRecord
from service.model.finding import Severity
from service.model.inventory import Inventory


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be planned.

    `source` is the engine that runs. `manifests` are commands that apply policies which cannot be
    prepared because their kind does not exist yet, `patches` those that mend policies before.
    """

    source: str
    target: Target
    cluster: ClusterRecord = field(default_factory=ClusterRecord)
    inventory: Inventory = field(default_factory=Inventory)
    stated: StatedFacts = field(default_factory=StatedFacts)
    cluster_name: str | None = None
    manifests: tuple[Command, ...] = ()
    patches: tuple[Command, ...] = ()

    @property
    def acns_mode(self) -> str | None:
        """The mode of Advanced Container Networking Services that is planned for."""
        if self.stated.plans_l7:
            return "L7"
        return "FQDN" if self.stated.plans_fqdn else None

    @property
    def state(self) -> ClusterState:
        """Where the cluster stands."""
        mode = self.cluster.node_provisioning_mode
        return ClusterState(
            self.source,
            self.cluster.ipam,
            None if mode is None else mode.lower() == "auto",
            has_windows(self.cluster, self.inventory),
        )

    @property
    def goal(self) -> Goal:
        """Where it is to go; node auto-provisioning ends as it began where that is possible."""
        ipam = self.target.ipam
        return Goal(
            self.target.profile.engine,
            ipam.value if ipam else None,
            True if self.state.auto_provisioning else None,
        )


def plan_change(change: Change) -> Plan:
    """The plan of a change, with everything that is known to stand in its way."""
    start, goal = change.state, change.goal
    taken = cheapest(start, goal)
    if taken is None and goal.auto_provisioning is not None:
        taken = cheapest(start, replace(goal, auto_provisioning=None))
    names = names_of(
        change.cluster,
        change.cluster_name,
        podCidr=change.target.pod_cidr,
        acnsMode=change.acns_mode,
    )
    if taken is None:
        return no_way(start, goal)
    if not taken:
        return Plan(start, start, Support.NOTHING_TO_DO, rollback=Rollback(True, "nothing changes"))
    templates: list[Mapping[str, Any]] = []
    steps = tuple(_steps(change, taken, names, templates))
    prerequisites = (*_prerequisites(change, taken, names), *_unknown_state(taken))
    end = taken[-1].after
    return Plan(
        source=start,
        target=end,
        support=_support(steps, prerequisites),
        steps=steps,
        prerequisites=prerequisites,
        requests=requests((name for each in templates for name in placeholders(each)), names),
        leftovers=tuple(leftovers(change.source, end, steps)),
        conflicts=tuple(conflict_notes(conflicts_of(steps))),
        rollback=_rollback(start, end, steps, names),
        reasons=tuple(dict.fromkeys(_reasons(prerequisites, steps))),
        alternatives=tuple(alternatives(steps)),
    )


def _steps(
    change: Change, taken: tuple[Taken, ...], names: Names, templates: list[Mapping[str, Any]]
) -> Iterator[Step]:
    lists = {"windowsPool": [each.name for each in windows_pools(change.cluster)]}
    ids = {each.edge.id for each in taken}
    passes_none = any(not each.after.enforces for each in taken)
    around = [
        each
        for each in value("steps", "around")
        if _applies(each["when"], change, taken[-1].after, ids, passes_none=passes_none)
    ]
    for each in around:
        if each["place"] == "Before":
            templates.append(each)
            more = change.patches if "patches" in each["when"] else ()
            yield step_of(each, names, more=more)
    for each in taken:
        templates.append(each.edge.template)
        yield step_of(each.edge.template, names, before=each.before, after=each.after, lists=lists)
    for each in around:
        if each["place"] == "After":
            templates.append(each)
            more = change.manifests if "manifests" in each["when"] else ()
            yield step_of(each, names, more=more)


def _applies(
    when: Mapping[str, Any],
    change: Change,
    end: ClusterState,
    ids: set[str],
    *,
    passes_none: bool,
) -> bool:
    facts: Mapping[str, object] = {
        "sourceFamily": change.source,
        "targetFamily": end.engine,
        "passesNone": passes_none,
        "reimages": True,
        "manifests": bool(change.manifests),
        "patches": bool(change.patches),
        "plans": change.acns_mode is not None,
    }
    for name, wanted in when.items():
        match name:
            case "has":
                holds = bool(ids & set(wanted))
            case "targetNotFamily":
                holds = end.engine != wanted
            case _:
                holds = facts[name] == wanted
        if not holds:
            return False
    return True


def _prerequisites(change: Change, taken: Iterable[Taken], names: Names) -> Iterator[Prerequisite]:
    fixes = value("steps", "fixes")
    for each in taken:
        template = each.edge.template
        operation = operation_of(template, each.before.ipam)
        asked = Asked(
            each.edge.id,
            each.before,
            floors_of(operation) if operation else step_of(template, names).floors,
            change.cluster,
            change.inventory,
            change.stated,
            change.target,
        )
        for need in template["needs"]:
            found = CHECKS[need](asked)
            if found is None:
                continue
            if found.state is State.NOT_MET and need in fixes:
                commands = tuple(render(fix, names) for fix in fixes[need])
                found = replace(found, commands=commands)
            yield found


def _unknown_state(taken: tuple[Taken, ...]) -> Iterator[Prerequisite]:
    """Conditions of steps on things that the record does not tell."""
    told = {
        "ipam": ("", "whether the plugin and its mode fit", "/networkProfile/networkPlugin"),
        "windows": ("PATH-005", "whether there are Windows node pools", "/agentPoolProfiles"),
        "autoProvisioning": (
            "PATH-006",
            "whether node auto-provisioning is on",
            "/nodeProvisioningProfile/mode",
        ),
    }
    for each in taken:
        for name in each.edge.template["from"]:
            if name in told and each.before.value(name) is None:
                rule, what, pointer = told[name]
                yield Prerequisite(
                    f"{each.edge.id}-{name}",
                    rule,
                    each.edge.id,
                    State.UNKNOWN,
                    f"{what} is not told",
                    pointer,
                )


def _support(steps: tuple[Step, ...], prerequisites: tuple[Prerequisite, ...]) -> Support:
    if any(each.blocks for each in steps) or any(map(is_blocking, prerequisites)):
        return Support.BLOCKED
    if any(each.unverified for each in steps):
        return Support.UNVERIFIED
    changes = [each for each in steps if each.kind is StepKind.CHANGE]
    return Support.IN_PLACE if len(changes) == 1 else Support.INDIRECT


def is_blocking(prerequisite: Prerequisite) -> bool:
    """Whether AKS refuses the step as long as this does not hold."""
    if prerequisite.state is not State.NOT_MET:
        return False
    return not prerequisite.rule or rules()[prerequisite.rule].severity is Severity.BLOCKER


def _reasons(prerequisites: Iterable[Prerequisite], steps: Iterable[Step]) -> Iterator[str]:
    for each in steps:
        if each.blocks:
            yield f"{each.title.lower()} first: {each.detail}"
    for prerequisite in prerequisites:
        if is_blocking(prerequisite):
            yield prerequisite.detail


def _rollback(
    start: ClusterState, end: ClusterState, steps: Iterable[Step], names: Names
) -> Rollback:
    final = [each.title for each in steps if each.irreversible]
    back = cheapest(end, Goal(start.engine, start.ipam.value if start.ipam else None))
    if back is None or final:
        what = "; ".join(final) or "the change"
        return Rollback(
            False,
            f"no way back is documented ({what}); rehearse on a copy of the cluster",
        )
    commands: tuple[Command, ...] = ()
    for each in back:
        step = step_of(each.edge.template, names, before=each.before, after=each.after)
        commands += step.commands
    times = sum(each.edge.template["reimages"] for each in back)
    return Rollback(
        True,
        f"install the earlier engine again; every node is reimaged {times} more time(s), and "
        "policies are not enforced for certain until it runs",
        commands,
    )
