"""Which NetworkPolicies NPM cannot translate. One such element and the whole policy is skipped.

Source: Azure/azure-container-networking
npm/pkg/controlplane/translation/{translatePolicy,parseSelector}.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from service.model.addresses import has_leading_zeros
from service.model.assumption import Assumption
from service.model.labels import LabelSelector
from service.model.network_policy import (
    NetworkPolicy,
    NetworkPolicyPeer,
    NetworkPolicyRule,
    PolicyType,
)

ALL_IPV4 = "0.0.0.0/0"
LEGACY_CIDR = Assumption(
    "NpmLegacyCidr",
    "whether NPM applies a policy with leading zeros in a CIDR, and which addresses it then "
    "means, is not documented",
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a policy is not translated.

    `keeps_earlier`: whether an earlier version that was applied stays in force.
    `is_certain`: False where the sources leave open that the policy is refused.
    """

    code: str
    detail: str
    pointer: str
    keeps_earlier: bool = True
    is_certain: bool = True


def translated_rules(
    policy: NetworkPolicy, kind: PolicyType
) -> Iterable[tuple[int, NetworkPolicyRule]]:
    """With a rule `{}` in a direction NPM translates "allow all" and none of the other rules."""
    rules = list(enumerate(policy.rules(kind)))
    allow_all = [(index, rule) for index, rule in rules if not rule.peers and not rule.ports]
    return allow_all or rules


def refused_on_linux(policy: NetworkPolicy) -> Refusal | None:
    """IPv6 blocks, and spellings of /0 that are not split in two (ipset refuses /0)."""
    return next(_address_refusals(policy), None)


def refused_on_windows(policy: NetworkPolicy, *, fixed: bool) -> Refusal | None:
    """What HNS ACLs cannot express; `fixed`: with the selector fixes."""
    return next(_windows_refusals(policy, fixed=fixed), None)


_Place = tuple[PolicyType, int, int]


def _each_peer(policy: NetworkPolicy) -> Iterator[tuple[_Place, NetworkPolicyPeer]]:
    for kind in sorted(policy.policy_types):
        for index, rule in translated_rules(policy, kind):
            for place, peer in enumerate(rule.peers):
                yield (kind, index, place), peer


def _pointer(place: _Place) -> str:
    kind, rule, peer = place
    field = "from" if kind is PolicyType.INGRESS else "to"
    return f"/spec/{kind.value.lower()}/{rule}/{field}/{peer}"


def _address_refusals(policy: NetworkPolicy) -> Iterator[Refusal]:
    uncertain: list[Refusal] = []
    for place, peer in _each_peer(policy):
        if peer.ip_block is None:
            continue
        cidr = peer.ip_block.cidr
        if ":" in cidr:
            yield Refusal(
                "NpmIpv6Cidr",
                f"IPv6 block {cidr} (ErrUnsupportedIPAddress)",
                f"{_pointer(place)}/ipBlock/cidr",
            )
        # A check on the text (npm/util/util.go, IsIPV4): "/0" after any address but 0.0.0.0, so
        # also the first digit of "/08".
        elif "/0" in cidr and not cidr.startswith(ALL_IPV4):
            yield Refusal(
                "NpmNonCanonicalCidr",
                f"NPM takes /0 for an IPv4 block after 0.0.0.0 only, and so refuses {cidr}",
                f"{_pointer(place)}/ipBlock/cidr",
            )
        elif any(map(has_leading_zeros, (cidr, *peer.ip_block.excepts))):
            uncertain.append(
                Refusal(
                    LEGACY_CIDR.code,
                    f"{LEGACY_CIDR.detail}: {cidr}",
                    f"{_pointer(place)}/ipBlock/cidr",
                    is_certain=False,
                )
            )
    yield from uncertain


def _windows_refusals(policy: NetworkPolicy, *, fixed: bool) -> Iterator[Refusal]:
    if _negative(policy.pod_selector):
        yield _negative_refusal("/spec/podSelector")
    uncertain: list[Refusal] = []
    for refusal in _address_refusals(policy):
        if refusal.is_certain:
            yield refusal
        else:
            uncertain.append(refusal)
    for kind in sorted(policy.policy_types):
        for index, rule in translated_rules(policy, kind):
            yield from _port_refusals(rule, f"/spec/{kind.value.lower()}/{index}")
    late: list[Refusal] = []
    for place, peer in _each_peer(policy):
        pointer = _pointer(place)
        if peer.ip_block is not None and peer.ip_block.excepts:
            yield Refusal(
                "NpmWindowsExcept",
                "ipBlock.except (ErrUnsupportedExceptCIDR)",
                f"{pointer}/ipBlock/except",
            )
        if peer.pod_selector is not None and _negative(peer.pod_selector):
            yield _negative_refusal(f"{pointer}/podSelector")
        if peer.namespace_selector is None or not _negative(peer.namespace_selector):
            continue
        if place[0] is PolicyType.INGRESS:
            # Fails when ACLs are built, after an earlier version was removed, and is retried.
            late.append(_negative_refusal(f"{pointer}/namespaceSelector", keeps_earlier=False))
        elif fixed:
            late.append(_negative_refusal(f"{pointer}/namespaceSelector"))
    yield from late
    yield from uncertain


def _port_refusals(rule: NetworkPolicyRule, pointer: str) -> Iterator[Refusal]:
    for place, port in enumerate(rule.ports):
        if isinstance(port.port, str):
            yield Refusal(
                "NpmWindowsNamedPort",
                f"named port {port.port!r} (ErrUnsupportedNamedPort)",
                f"{pointer}/ports/{place}/port",
            )
        if port.protocol == "SCTP":
            yield Refusal(
                "NpmWindowsSctp",
                "protocol SCTP (ErrUnsupportedSCTP)",
                f"{pointer}/ports/{place}/protocol",
            )


def _negative(selector: LabelSelector) -> bool:
    return any(each.is_negative for each in selector.requirements)


def _negative_refusal(pointer: str, *, keeps_earlier: bool = True) -> Refusal:
    return Refusal(
        "NpmWindowsNegativeSelector",
        "NotIn or DoesNotExist in a selector (ErrUnsupportedNegativeMatch)",
        pointer,
        keeps_earlier,
    )
