"""Reads an upload: bytes to policies and inventory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from service.manifests.inventory_draft import InventoryDraft
from service.manifests.inventory_kinds import INVENTORY_KINDS, is_unknown_version
from service.manifests.limits import DEFAULT_LIMITS, Limits
from service.manifests.misnamed_kinds import is_list_kind, misnamed
from service.manifests.objects import ObjectReader
from service.manifests.pausing import paused_collection
from service.manifests.policy_draft import PolicyDraft
from service.manifests.policy_kinds import policy_kind
from service.manifests.report import Report
from service.manifests.schema import build_decoders, describe
from service.manifests.source import Source
from service.manifests.unpacking import unpack
from service.manifests.upload import PolicyDocument, Upload, UploadPart
from service.model.finding import Severity

__all__ = ["PolicyDocument", "Upload", "UploadPart", "read_upload"]

build_decoders()


def read_upload(parts: Sequence[UploadPart], limits: Limits = DEFAULT_LIMITS) -> Upload:
    """Read all parts as one upload.

    Raises `UploadTooLarge`, `UnsupportedContent`, or `UploadRefused` with every fault found.
    """
    reading = _Reading(limits)
    with paused_collection():
        for part in unpack(parts, limits, reading.report):
            for source in reading.objects.objects(part):
                reading.take(source)
            reading.part_ends(part.name)
        reading.report.refuse_if_faulty()
        return reading.finish()


class _Reading:
    """One upload while it is read."""

    def __init__(self, limits: Limits) -> None:
        self.report = Report()
        self.objects = ObjectReader(limits, self.report)
        self._inventory = InventoryDraft(self.report)
        self._policies = PolicyDraft(self.report, self._inventory.claim)
        self._ignored: Counter[str] = Counter()
        self._parts: list[tuple[str, int]] = []

    def take(self, source: Source) -> None:
        """Hand an object to who reads its kind."""
        identity = source.api_version, source.kind
        inventory_kind = INVENTORY_KINDS.get(identity)
        if inventory_kind is not None:
            inventory_kind.add(self._inventory, source)
            if not inventory_kind.is_served:
                detail = f"Kubernetes no longer serves {source.api_version} {source.kind}"
                self.report.problem(source, "ApiVersionRemoved", Severity.LOW, detail)
            return
        wrong = misnamed(*identity)
        if wrong is not None:
            self.report.fault(source, "UnknownKind", wrong.detail, wrong.pointer)
            return
        kind = policy_kind(*identity)
        if kind is not None:
            self._policies.add(source, kind)
            return
        if is_list_kind(*identity):
            self._check_items(source)
            return
        self._ignored["/".join(identity)] += 1
        if is_unknown_version(*identity):
            detail = f"{source.api_version} {source.kind} is no known version; it is left aside"
            self.report.problem(source, "ApiVersionNotRead", Severity.MEDIUM, detail)

    def _check_items(self, source: Source) -> None:
        """A list that has not been taken apart: its items are null, which is none, or no list."""
        content = source.content(self.report)
        if content is None:
            return
        if "items" not in content:
            detail = f"a {source.kind} needs items"
            self.report.fault(source, "RequiredField", detail, "/items")
        elif content["items"] is not None:
            detail = f"items must be a list, not {describe(content['items'])}"
            self.report.fault(source, "WrongType", detail, "/items")

    def part_ends(self, name: str) -> None:
        """Remember which objects were in a part."""
        self._parts.append((name, self.objects.numbering.count))

    def finish(self) -> Upload:
        """Everything that was read."""
        return Upload(
            policies=self._policies.finish(),
            inventory=self._inventory.finish(),
            problems=self.report.problems(),
            documents=self.objects.numbering.count,
            ignored=dict(sorted(self._ignored.items())),
            parts=tuple(self._parts),
            is_blank=self.objects.is_blank,
        )
