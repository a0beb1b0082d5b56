"""The stored form of what was read, and its digests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from service.manifests.upload import PolicyDocument
from service.model.inventory import Inventory


def encode_policies(documents: Iterable[PolicyDocument]) -> bytes:
    """The stored form of a policy set."""
    raise NotImplementedError


def decode_policies(stored: bytes) -> tuple[PolicyDocument, ...]:
    """A policy set from its stored form."""
    raise NotImplementedError


def encode_inventory(inventory: Inventory) -> bytes:
    """The stored form of an inventory; equal inventories give equal bytes."""
    raise NotImplementedError


def decode_inventory(stored: bytes) -> Inventory:
    """An inventory from its stored form."""
    raise NotImplementedError


def policy_set_digest(documents: Iterable[PolicyDocument]) -> str:
    """`sha256:<hex>` over what the policies say, in whatever order and layout."""
    raise NotImplementedError


def inventory_digest(inventory: Inventory) -> str:
    """`sha256:<hex>` over the inventory."""
    raise NotImplementedError


def manifest_documents(
    documents: Sequence[PolicyDocument], inventory: Inventory, media_type: str = "application/yaml"
) -> str:
    """A revision as manifests again: YAML documents, or NDJSON for `application/x-ndjson`."""
    raise NotImplementedError
