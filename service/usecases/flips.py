"""What lies between two revisions that answer one flow differently."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from service.analysis.workloads import WorkloadEndpoint
from service.model.pipeline import Direction
from service.model.policy import PolicyRef
from service.usecases.context import Context
from service.usecases.snapshots import PartKeys, load_policies, workloads_of
from service.usecases.verdict_json import policy_body
from service.usecases.views import Flip, PolicyChange, WorkloadChange

#: A revision may change everything; an answer about one flow lists this many changes at most,
#: those that the verdicts name first, and counts the others.
MOST_CHANGES = 100

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Seen:
    """A revision that had a verdict on the flow."""

    number: int
    decision: str
    body: Mapping[str, Any]
    keys: PartKeys


def flip_between(context: Context, old: Seen, new: Seen) -> Flip:
    """Why the newer verdict is another one."""
    policies = _policy_changes(context, old, new)
    workloads = _workload_changes(context, old, new)
    return Flip(
        from_decision=old.decision,
        to_decision=new.decision,
        previous_revision=old.number,
        evidence=tuple(_deciding(old.body, new.body)),
        policies=tuple(policies[:MOST_CHANGES]),
        workloads=tuple(workloads[:MOST_CHANGES]),
        omitted=max(0, len(policies) - MOST_CHANGES) + max(0, len(workloads) - MOST_CHANGES),
    )


def _deciding(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    """The evidence of those directions whose decision changed, of both where neither did."""
    sides = {"egress": Direction.EGRESS, "ingress": Direction.INGRESS}
    changed = [each for each in sides if old[each]["decision"] != new[each]["decision"]]
    for side in changed or sides:
        for evidence in new[side]["evidence"]:
            yield {"direction": sides[side].value, **evidence}


def _policy_changes(context: Context, old: Seen, new: Seen) -> list[PolicyChange]:
    if old.keys.policies == new.keys.policies:
        return []
    before = {each.ref: each.digest for each in load_policies(context, old.keys.policies)}
    after = {each.ref: each.digest for each in load_policies(context, new.keys.policies)}
    named = [*_named_policies(old.body), *_named_policies(new.body)]

    def rank(ref: PolicyRef) -> tuple[bool, PolicyRef]:
        return policy_body(ref) not in named, ref

    return [PolicyChange(change, ref) for change, ref in _changes(before, after, rank)]


def _workload_changes(context: Context, old: Seen, new: Seen) -> list[WorkloadChange]:
    if old.keys.inventory == new.keys.inventory:
        return []
    before = _by_workload(workloads_of(context, old.keys))
    after = _by_workload(workloads_of(context, new.keys))
    flow = new.body["flow"]
    namespaces = {flow[side].get("namespace") for side in ("source", "destination")}

    def rank(key: tuple[str, str]) -> tuple[bool, tuple[str, str]]:
        return key[0] not in namespaces, key

    return [WorkloadChange(change, *key) for change, key in _changes(before, after, rank)]


def _named_policies(body: Mapping[str, Any]) -> Iterable[Mapping[str, str]]:
    for direction in ("egress", "ingress"):
        yield from body[direction]["isolatedBy"]
        for evidence in body[direction]["evidence"]:
            if "policy" in evidence:
                yield evidence["policy"]


def _by_workload(
    endpoints: Iterable[WorkloadEndpoint],
) -> dict[tuple[str, str], list[WorkloadEndpoint]]:
    """What policies can see of each workload; how its pods are called is no part of it."""
    found: dict[tuple[str, str], list[WorkloadEndpoint]] = {}
    for endpoint in endpoints:
        visible = replace(endpoint, pods=(), variant=1)
        found.setdefault((endpoint.namespace, endpoint.workload), []).append(visible)
    return {key: sorted(each, key=repr) for key, each in found.items()}


def _changes(
    before: Mapping[Key, Any], after: Mapping[Key, Any], rank: Any
) -> list[tuple[str, Key]]:
    changed = [("added", key) for key in after.keys() - before.keys()]
    changed += [("removed", key) for key in before.keys() - after.keys()]
    changed += [
        ("changed", key) for key in before.keys() & after.keys() if before[key] != after[key]
    ]
    return sorted(changed, key=lambda each: rank(each[1]))
