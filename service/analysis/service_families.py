"""The address families in which a Service is called: its own, not those of whoever is behind it.

Source: https://kubernetes.io/docs/concepts/services-networking/dual-stack/ (a Service has
addresses of the families that it was given, and its endpoints of a family serve that one).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from service.analysis.attempts import ADDRESS_FAMILY, Attempt, shared_families
from service.model.addresses import Family, family_of, parse_address
from service.model.endpoint import Endpoint, EndpointKind
from service.model.flow import AddressEnd, DestinationEnd
from service.model.inventory import Service


def call_families(end: DestinationEnd, service: Service) -> frozenset[Family]:
    """The families in which a destination calls a Service; every one if nobody knows."""
    if isinstance(end, AddressEnd):
        return frozenset((family_of(parse_address(end.address)),))
    known = (parse_address(each) for each in service.cluster_addresses)
    return frozenset(map(family_of, known)) or frozenset(Family)


def speaks(backend: Endpoint, families: frozenset[Family]) -> bool:
    """Whether a backend may have an address of one of the families."""
    known = set(map(family_of, backend.addresses))
    return not known or not known.isdisjoint(families)


def in_families(
    attempt: Attempt, families: frozenset[Family], *, is_only: bool
) -> Iterator[Attempt]:
    """An attempt in each family that the call may use; `is_only`: there is one backend only."""
    chosen = families_between(attempt.source.speaker, attempt.destination.speaker, families)
    for number, family in enumerate(chosen):
        differs = len(chosen) > 1 and (number > 0 or is_only)
        yield attempt._replace(family=family, choice=ADDRESS_FAMILY if differs else attempt.choice)


def families_between(
    caller: Endpoint, backend: Endpoint, families: frozenset[Family]
) -> Sequence[Family]:
    """The families that a call in some families may use between two ends."""
    possible = shared_families(caller, backend)
    if caller.kind is EndpointKind.EXTERNAL:
        # An address outside speaks its own family, whatever the Service is called by inside.
        return possible[:1]
    return [each for each in possible if each in families] or sorted(families)[:1]
