"""The stored form of what was read, and its digests.

Compressed JSON of the modelled values: equal values give equal bytes, and no manifest has to be
parsed again to answer a question about a stored revision.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from service.manifests.digests import digest_of, digest_of_all
from service.manifests.export import manifest_documents
from service.manifests.pausing import paused_collection
from service.manifests.policy_kinds import UNREAD, policy_kind
from service.manifests.upload import PolicyDocument
from service.model.inventory import Inventory
from service.model.policy import Policy, PolicyRef, Position, UnreadPolicy

__all__ = [
    "decode_inventory",
    "decode_policies",
    "encode_inventory",
    "encode_policies",
    "inventory_digest",
    "manifest_documents",
    "policy_set_digest",
]

_LEVEL = 1


class StoredPolicy(msgspec.Struct, frozen=True, omit_defaults=True):
    """A policy as stored: its typed value is made from the normalised form."""

    ref: PolicyRef
    position: Position
    text: str
    normalised: dict[str, Any]
    digest: str
    is_read: bool = True
    """False where no module read the kind when it was uploaded; it stays so."""


_ENCODER = msgspec.json.Encoder(order="sorted")
_POLICIES = msgspec.json.Decoder(list[StoredPolicy])
_INVENTORY = msgspec.json.Decoder(Inventory)
#: Members of inventories that came later, where they say nothing. They are left out, so that what
#: was stored before keeps its digest. None is a text, so no label looks like one, and within a
#: text the quotes would be escaped. None comes last in its object: a comma follows.
_SILENT = (
    b'"host_addresses":[],',
    b'"host_port":null,',
    b'"keeps_to_node":false,',
    b'"publishes_not_ready":false,',
    b'"source_ranges":[],',
)


def encode_policies(documents: Iterable[PolicyDocument]) -> bytes:
    """The stored form of a policy set."""
    stored = [
        StoredPolicy(
            each.ref,
            each.position,
            each.text,
            dict(each.normalised),
            each.digest,
            not isinstance(each.policy, UnreadPolicy),
        )
        for each in sorted(documents, key=lambda each: each.ref)
    ]
    return zlib.compress(_ENCODER.encode(stored), _LEVEL)


def decode_policies(stored: bytes) -> tuple[PolicyDocument, ...]:
    """A policy set from its stored form."""
    with paused_collection():
        return tuple(
            PolicyDocument(
                each.ref, each.position, each.text, each.normalised, each.digest, _policy(each)
            )
            for each in _POLICIES.decode(zlib.decompress(stored))
        )


def _policy(stored: StoredPolicy) -> Policy:
    kind = policy_kind(*_identity(stored)) if stored.is_read else UNREAD
    if kind is None or not kind.is_read:
        return UnreadPolicy(stored.ref, stored.position)
    if kind.build is not None:
        return kind.build(stored.normalised, stored.ref, stored.position)
    value = kind.read(stored.normalised, stored.position).value
    return UnreadPolicy(stored.ref, stored.position) if value is None else value


def _identity(stored: StoredPolicy) -> tuple[str, str]:
    """apiVersion and kind of the document, which a reference may spell otherwise."""
    normalised: Mapping[str, Any] = stored.normalised
    return str(normalised.get("apiVersion")), str(normalised.get("kind"))


def encode_inventory(inventory: Inventory) -> bytes:
    """The stored form of an inventory; equal inventories give equal bytes."""
    return zlib.compress(_encoded(inventory), _LEVEL)


def decode_inventory(stored: bytes) -> Inventory:
    """An inventory from its stored form."""
    with paused_collection():
        return _INVENTORY.decode(zlib.decompress(stored))


def policy_set_digest(documents: Iterable[PolicyDocument]) -> str:
    """`sha256:<hex>` over what the policies say, in whatever order and layout."""
    return digest_of_all(each.digest for each in documents)


def inventory_digest(inventory: Inventory) -> str:
    """`sha256:<hex>` over the inventory."""
    return digest_of(_encoded(inventory))


def _encoded(inventory: Inventory) -> bytes:
    encoded = _ENCODER.encode(inventory)
    for silent in _SILENT:
        encoded = encoded.replace(silent, b"")
    return encoded
