"""How Calico converts the elements of a Kubernetes NetworkPolicy.

Source: projectcalico/calico libcalico-go/lib/backend/k8s/conversion/conversion.go.
"""

from __future__ import annotations

from service.engines.network_policy import Reading, block_peer
from service.model.addresses import has_leading_zeros, parse_cidr
from service.model.condition import ALWAYS, AddressIn, Condition
from service.model.intervals import Intervals
from service.model.network_policy import IPBlock


def _block_peer(block: IPBlock) -> Condition:
    # A CIDR that Go's strict parser refuses loses its restriction: the rule matches any peer;
    # an except that it refuses is lost (libcalico-go conversion).
    if has_leading_zeros(block.cidr):
        return ALWAYS
    if any(map(has_leading_zeros, block.excepts)):
        kept = [each for each in block.excepts if not has_leading_zeros(each)]
        return AddressIn(
            Intervals.of((parse_cidr(block.cidr),)) - Intervals.of(map(parse_cidr, kept))
        )
    return block_peer(block)


READING = Reading(block_peer=_block_peer)
