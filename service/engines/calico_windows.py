"""What Calico for Windows may leave out of a policy.

Its data plane has no way to say some things and skips a rule that holds one, while the rest of
the policy stays in force: negative matches, named ports, ICMP types and IPv6
(projectcalico/calico felix/dataplane/windows/policysets/policysets.go, protoRuleToHnsRules).
Passing on to the next tier came to it later. What a version skips is not documented, so for pods
on Windows it is open whether such a rule counts.
"""

from __future__ import annotations

from dataclasses import replace

from service.model.assumption import Assumption
from service.model.calico import Action, EntityRule, Rule
from service.model.condition import Assumed, Condition, Negation, OsIs, all_of, any_of
from service.model.inventory import WINDOWS, Inventory
from service.model.network_policy import NetworkPolicy, NetworkPolicyRule, PolicyType
from service.model.pipeline import StagePolicy

SKIPPED = Assumption(
    "CalicoWindowsRule",
    "Calico for Windows skips rules with negative matches, named ports, ICMP types or IPv6, and in "
    "some versions those that pass; whether this rule counts there is not verified",
)
MAY_COUNT: Condition = any_of(Negation(OsIs(WINDOWS)), Assumed(SKIPPED))
"""Asked of the policed end: on Linux every rule counts."""


def has_windows(inventory: Inventory) -> bool:
    """Whether some node or pod runs Windows."""
    systems = (*(node.os for node in inventory.nodes), *(pod.os for pod in inventory.pods))
    return WINDOWS in systems


def may_be_skipped(rule: Rule) -> bool:
    """Whether a rule of Calico's own policies holds what Windows cannot do."""
    return (
        rule.action is Action.PASS
        or rule.ip_version == 6
        or rule.not_protocol is not None
        or rule.icmp is not None
        or rule.not_icmp is not None
        or any(map(_is_beyond_windows, (rule.source, rule.destination)))
    )


def _is_beyond_windows(entity: EntityRule) -> bool:
    negative = entity.not_nets or entity.not_ports or "notNets" in entity.lost
    only_negative = entity.not_selector is not None and entity.selector is None
    return bool(negative) or only_negative or any(isinstance(each, str) for each in entity.ports)


def on_windows(part: StagePolicy, policy: NetworkPolicy, kind: PolicyType) -> StagePolicy:
    """A NetworkPolicy's part in one direction, with what is open about pods on Windows."""
    rules = policy.rules(kind)
    if not any(map(_network_rule_may_be_skipped, rules)):
        return part
    return replace(
        part,
        rules=tuple(
            replace(made, local=all_of(made.local, MAY_COUNT))
            if _network_rule_may_be_skipped(rule)
            else made
            for made, rule in zip(part.rules, rules, strict=True)
        ),
    )


def _network_rule_may_be_skipped(rule: NetworkPolicyRule) -> bool:
    return any(isinstance(each.port, str) for each in rule.ports) or any(
        each.ip_block is not None and each.ip_block.excepts for each in rule.peers
    )
