"""Whether any policy has a say about an endpoint, before it is known what it would see."""

from __future__ import annotations

from service.analysis.asking import Encounter, ask
from service.analysis.deciding import PolicyIndex
from service.model.addresses import Family
from service.model.endpoint import Endpoint
from service.model.intervals import Intervals
from service.model.pipeline import Effect, StagePolicy
from service.model.ports import whole_protocol


def may_stop(index: PolicyIndex, subject: Endpoint, point: int, family: Family) -> bool:
    """Whether some policy could stop a connection at an endpoint, whatever the other end is.

    The point tells the protocol only: which port a policy would see is as open as the other end.
    """
    about = Encounter(subject, subject, family)
    protocol = whole_protocol(point >> 16)
    return any(
        could_stop(policy, protocol) and ask(policy.subject, about) is not False
        for _, policies in index.policies_for(subject)
        for policy in policies
    )


def could_stop(policy: StagePolicy, protocol: Intervals) -> bool:
    """Whether a policy could stop anything of a protocol at those that it selects."""
    return policy.isolates or any(
        rule.effect is not Effect.ALLOW
        and (bool(rule.traffic.named) or rule.traffic.numbered.overlaps(protocol))
        for rule in policy.rules
    )
