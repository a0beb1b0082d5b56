"""What a change of engine changes, as JSON values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from service.analysis.causes import Cause
from service.analysis.compare import Change
from service.analysis.impact import CalledService, Impact, ImpactGroup
from service.analysis.isolation import Isolation
from service.analysis.remedy import Remedy
from service.analysis.service_changes import ServiceChange
from service.usecases.difference_queries import placement_body, side_body
from service.usecases.flow_json import flow_body
from service.usecases.map_json import changed_connections_body, endpoint_body
from service.usecases.report_content import digest_of_values
from service.usecases.report_parts import remedy_body
from service.usecases.verdict_json import policy_body

Body = dict[str, Any]

#: A report shows so many groups itself; the others are on pages of their own.
SHOWN_GROUPS = 20
_REMEDIES_OF_GROUP = 5


def pairs_body(impact: Impact) -> Body:
    """How many pairs of endpoints change, by change."""
    return {each.value: impact.pairs.get(each, 0) for each in Change}


def _calls_body(impact: Impact) -> Body:
    """How many calls through Services change, by change."""
    return {each.value: impact.calls.get(each, 0) for each in Change}


def impact_digest(impact: Impact) -> str:
    """Equal for equal impacts. What can be done about them does not count."""
    return digest_of_values([pairs_body(impact), group_bodies(impact.groups, ())])


def impact_body(impact: Impact, groups: Sequence[Body]) -> Body:
    """The numbers of an impact with the first of its groups, which are given as JSON values."""
    unexplained = [each for each in groups if each["cause"] is None]
    return {
        "pairs": pairs_body(impact),
        "serviceCalls": _calls_body(impact),
        "groupCount": len(groups),
        "groups": list(groups[:SHOWN_GROUPS]),
        "unexplainedCount": len(unexplained),
        "unexplained": unexplained[:SHOWN_GROUPS],
        "isSampled": any(each.is_sampled for each in impact.groups),
    }


def group_bodies(groups: Iterable[ImpactGroup], remedies: Sequence[Remedy]) -> tuple[Body, ...]:
    """Groups with the remedies that can be applied to them."""
    return tuple(_group_body(each, remedies) for each in groups)


def _group_body(group: ImpactGroup, remedies: Sequence[Remedy]) -> Body:
    policies = group.cause.policies if group.cause else ()
    concerned = {None, *(policy for policy, _ in policies)}
    applicable = [each for each in remedies if each.rule == group.rule and each.policy in concerned]
    return {
        "change": group.change.value,
        "cause": cause_body(group.cause) if group.cause else None,
        "policies": _policy_bodies(group.cause),
        "sources": [endpoint_body(each) for each in group.sources],
        "sourceCount": group.source_count,
        "destinations": [endpoint_body(each) for each in group.destinations],
        "destinationCount": group.destination_count,
        "connections": changed_connections_body(group.traffic),
        "pairs": group.pairs,
        "isSampled": group.is_sampled,
        **_isolation_body(group.isolation),
        **placement_body(group.example.same_node),
        **_service_body(group.service),
        "witness": flow_body(group.witness.flow),
        "decidedBefore": side_body(group.witness.before),
        "decidedAfter": side_body(group.witness.after),
        "remedies": [remedy_body(each) for each in applicable[:_REMEDIES_OF_GROUP]],
    }


def _isolation_body(isolation: Isolation | None) -> Body:
    """How deliberately something was closed that opens where nothing is enforced any more."""
    if isolation is None:
        return {}
    return {"isolation": {"namedBy": isolation.named_by, "closedBy": isolation.closed_by}}


def _service_body(service: CalledService | None) -> Body:
    if service is None:
        return {}
    return {"service": {"namespace": service.namespace, "name": service.name}}


def service_line_body(change: ServiceChange) -> Body:
    """A call through a Service that changes, as a line beside those between endpoints."""
    before, after = change.witness.before, change.witness.after
    assert before is not None
    assert after is not None
    called = CalledService(change.service.namespace, change.service.name)
    (service,) = _service_body(called).values()
    return {
        "source": endpoint_body(change.source),
        "destination": endpoint_body(change.destination),
        "change": change.change.value,
        "before": before.decision.value,
        "after": after.decision.value,
        "connections": changed_connections_body(change.traffic),
        **placement_body(change.same_node),
        "service": {**service, "port": change.port.port},
        "witness": flow_body(change.witness.flow),
        "decidedBefore": side_body(before),
        "decidedAfter": side_body(after),
        "causes": cause_bodies(change.causes),
    }


def cause_body(cause: Cause) -> Body:
    """The rule that explains a change, and what can be done about it."""
    return {
        "rule": cause.rule.id,
        "title": cause.rule.title,
        "why": cause.why,
        "direction": cause.direction.value,
        "severity": cause.rule.severity.value,
        "remedy": cause.remedy,
        "remedyWhen": cause.remedy_when,
    }


def cause_bodies(causes: Iterable[Cause | None]) -> list[Body]:
    """The causes of one connection with the policies responsible; empty where one is missing."""
    found = list(causes)
    named = [each for each in found if each is not None]
    if len(named) < len(found):
        return []
    return [{**cause_body(each), "policies": _policy_bodies(each)} for each in named]


def _policy_bodies(cause: Cause | None) -> list[Body]:
    policies = cause.policies if cause else ()
    return [{"policy": policy_body(policy), "rule": rule} for policy, rule in policies]
