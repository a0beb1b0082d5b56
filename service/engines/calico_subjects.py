"""What a Calico policy applies to, and where it stands.

Source: projectcalico/calico libcalico-go/lib/backend/syncersv1/updateprocessors
(networkpolicyprocessor.go, globalnetworkpolicyprocessor.go).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from service.engines.calico_entities import (
    in_own_namespace,
    lost_restriction,
)
from service.engines.calico_hosts import Host
from service.engines.calico_selectors import (
    ACCOUNT_PREFIX,
    HAS_ACCOUNT,
    HAS_NAMESPACE,
    NAME_LABEL,
    NAMESPACE_LABEL,
    NAMESPACE_PREFIX,
    LabelledAddresses,
    joined,
    pods_selected,
)
from service.engines.calico_tiers import Place
from service.model.addresses import parse_cidr
from service.model.assumption import Assumption
from service.model.calico import CalicoPolicy, NetworkSet
from service.model.calico_selector import (
    EVERY_ENDPOINT,
    Selector,
    prefixed,
    rewritten,
)
from service.model.condition import IS_POD, NEVER, Condition, all_of
from service.model.intervals import Intervals
from service.model.inventory import METADATA_NAME_LABEL, Inventory
from service.model.network_policy import PolicyType
from service.model.pipeline import Direction


@dataclass(frozen=True, slots=True)
class Applied:
    """A policy that is enforced, with its place and everything it applies to.

    `doubt` is a condition on top of the subject where something about the policy is uncertain.
    """

    policy: CalicoPolicy
    place: Place
    pods: Condition
    hosts: tuple[Host, ...] = ()
    doubt: Condition | None = None

    def governs(self, direction: Direction) -> bool:
        """Whether the policy is for a direction at all."""
        return PolicyType(direction.value) in self.policy.types

    @property
    def is_normal(self) -> bool:
        """Neither untracked nor before address translation: those are for hosts only."""
        return not self.policy.do_not_track and not self.policy.pre_dnat


def subject_selector(policy: CalicoPolicy) -> Selector:
    """The one selector that decides what a policy applies to."""
    parts: list[Selector] = []
    own = policy.selector
    if policy.namespace_selector is not None:
        # Calico replaces all() in the whole text, the policy's own selector included.
        own = _all_means(own, HAS_NAMESPACE)
        parts.append(prefixed(policy.namespace_selector, NAMESPACE_PREFIX, HAS_NAMESPACE))
    if policy.service_account_selector is not None:
        accounts = prefixed(policy.service_account_selector, ACCOUNT_PREFIX)
        if not policy.ref.namespace:
            own = _all_means(own, HAS_ACCOUNT)
            accounts = prefixed(policy.service_account_selector, ACCOUNT_PREFIX, HAS_ACCOUNT)
        parts.append(accounts)
    if policy.ref.namespace:
        parts.insert(0, in_own_namespace(policy.ref.namespace))
    if own is not None:
        parts.append(own)
    return joined(parts) or EVERY_ENDPOINT


def _all_means(selector: Selector | None, meaning: Selector) -> Selector | None:
    return rewritten(selector, lambda each: each, meaning) if selector is not None else None


def pods_of(policy: CalicoPolicy) -> Condition:
    """The pods that a policy applies to; namespaced policies apply to nothing else."""
    selected = pods_selected(subject_selector(policy))
    if selected == NEVER:
        return NEVER
    doubts = (lost_restriction(policy.lost),) if policy.lost else ()
    return all_of(IS_POD, selected, *doubts)


def labelled_sets(policies: Iterable[object], inventory: Inventory) -> Iterable[LabelledAddresses]:
    """Network sets as selectors see them; those in a namespace inherit its labels."""
    namespaces = {each.name: each.labels for each in inventory.namespaces}
    for each in policies:
        if not isinstance(each, NetworkSet):
            continue
        labels = dict(each.labels)
        namespace = each.ref.namespace
        if namespace:
            labels[NAMESPACE_LABEL] = namespace
            labels = {**_inherited(namespace, namespaces.get(namespace)), **labels}
        doubt = None
        if each.unreadable:
            doubt = Assumption(
                "CalicoNetworkSetUnreadable",
                f"addresses of {each.ref} do not parse, so what it holds is open",
            )
        yield LabelledAddresses(labels, Intervals.of(map(parse_cidr, each.nets)), doubt)


def _inherited(name: str, labels: Mapping[str, str] | None) -> dict[str, str]:
    known = labels if labels is not None else {METADATA_NAME_LABEL: name}
    found = {NAMESPACE_PREFIX + key: value for key, value in known.items()}
    return {**found, NAMESPACE_PREFIX + NAME_LABEL: name}
