"""A revision as an upload would make it on top of its parent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from service.manifests.archive import (
    encode_inventory,
    encode_policies,
    inventory_digest,
    policy_set_digest,
)
from service.manifests.digests import revision_digest
from service.manifests.faults import Problem
from service.manifests.upload import Upload
from service.model.cluster import ClusterRecord
from service.model.finding import Severity
from service.model.inventory import Inventory
from service.storage.contents import Content
from service.storage.tables import RevisionRow
from service.usecases.context import Context
from service.usecases.selecting import Replace
from service.usecases.snapshots import PartKeys, facts_of, snapshot_of, workloads_of

POLICY_SET = "policy-set"
INVENTORY = "inventory"


@dataclass(frozen=True, slots=True)
class Part:
    """One half of a revision; `content` is None where it is inherited, and so stored already."""

    key: str
    digest: str
    content: Content | None = None

    @classmethod
    def of(cls, content: Content, digest: str) -> Part:
        """A part of the upload."""
        return cls(content.key, digest, content)


@dataclass(frozen=True, slots=True)
class Draft:
    """Everything about a revision but its number."""

    policies: Part
    inventory: Part
    replaced: Replace
    counts: dict[str, Any]
    problems: list[dict[str, Any]]

    @property
    def digest(self) -> str:
        """The digest over both parts."""
        return revision_digest(self.policies.digest, self.inventory.digest)

    @property
    def contents(self) -> list[Content]:
        """What has to be stored with it."""
        return [part.content for part in (self.policies, self.inventory) if part.content]

    def inherits_from(self, parent: RevisionRow | None) -> bool:
        """Whether the inherited part is that of this parent; so it is where none is inherited."""
        policies, inventory = _parent_parts(parent)
        return (self.replaced is not Replace.INVENTORY or self.policies.key == policies.key) and (
            self.replaced is not Replace.POLICIES or self.inventory.key == inventory.key
        )


def draft(
    context: Context,
    record: ClusterRecord,
    parent: RevisionRow | None,
    upload: Upload,
    replaced: Replace,
) -> Draft:
    """The revision that an upload makes of its parent; the first inherits empty parts."""
    policies, inventory = _parent_parts(parent)
    if replaced is not Replace.INVENTORY:
        stored = Content.of(POLICY_SET, encode_policies(upload.policies))
        policies = Part.of(stored, policy_set_digest(upload.policies))
        context.caches.policies.get(stored.key, lambda: upload.policies)
    if replaced is not Replace.POLICIES:
        stored = Content.of(INVENTORY, encode_inventory(upload.inventory))
        inventory = Part.of(stored, inventory_digest(upload.inventory))
        context.caches.inventories.get(stored.key, lambda: upload.inventory)
    _offer_empty(context, policies, inventory)
    keys = PartKeys(policies.key, inventory.key)
    snapshot, found = snapshot_of(context, keys, facts_of(record))
    counts = {
        "documents": upload.documents,
        "policies": len(snapshot.policy_set.policies),
        "namespaces": len(snapshot.inventory.namespaces),
        "workloads": len(workloads_of(context, keys)),
        "pods": sum(1 for pod in snapshot.inventory.pods if not pod.from_template),
        "nodes": len(snapshot.inventory.nodes),
        "services": len(snapshot.inventory.services),
        "ignored": dict(upload.ignored),
    }
    problems = [*upload.problems, *_left_out(upload, replaced), *found]
    return Draft(policies, inventory, replaced, counts, [asdict(each) for each in problems])


def _parent_parts(parent: RevisionRow | None) -> tuple[Part, Part]:
    if parent is not None:
        return (
            Part(parent.policy_set_content, parent.policy_set_digest),
            Part(parent.inventory_content, parent.inventory_digest),
        )
    return (
        Part.of(Content.of(POLICY_SET, encode_policies(())), policy_set_digest(())),
        Part.of(
            Content.of(INVENTORY, encode_inventory(Inventory())), inventory_digest(Inventory())
        ),
    )


def _offer_empty(context: Context, policies: Part, inventory: Part) -> None:
    """Make known what a first revision inherits, for that is not stored yet."""
    if policies.content is not None and policies.digest == policy_set_digest(()):
        context.caches.policies.get(policies.key, tuple)
    if inventory.content is not None and inventory.digest == inventory_digest(Inventory()):
        context.caches.inventories.get(inventory.key, Inventory)


def _left_out(upload: Upload, replaced: Replace) -> Iterator[Problem]:
    """What the upload holds of the part that it does not replace."""
    if replaced is Replace.INVENTORY:
        for document in upload.policies:
            yield Problem(
                "PolicyNotReplaced",
                Severity.LOW,
                f"{document.ref} was left out: this upload replaces the inventory only",
                document.position.document,
                document.position.line,
            )
    if replaced is Replace.POLICIES:
        counted = Counter[str]()
        for name in ("namespaces", "pods", "nodes", "services", "service_accounts"):
            counted[name.replace("_", " ")] = len(getattr(upload.inventory, name))
        told = ", ".join(f"{count} {name}" for name, count in counted.items() if count)
        if told:
            detail = f"{told} were left out: this upload replaces the policies only"
            yield Problem("InventoryNotReplaced", Severity.LOW, detail)
