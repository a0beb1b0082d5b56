"""Policies, collected while an upload is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from service.manifests.calico import superseded_forms
from service.manifests.digests import canonical_json, digest_of
from service.manifests.policy_kinds import PolicyKind
from service.manifests.report import Report
from service.manifests.schema import convert
from service.manifests.source import Source, Spot
from service.manifests.upload import PolicyDocument
from service.model.finding import Severity
from service.model.policy import Position

Claim = Callable[[Source, str, str, str], None]
"""Takes a source with its kind, namespace and name, and notes a fault where they are taken."""


class FrameMetadata(msgspec.Struct, rename="camel", frozen=True):
    """Metadata of a custom resource."""

    name: str = ""
    generate_name: str = ""
    namespace: str = ""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}


class Frame(msgspec.Struct, frozen=True):
    """What every custom resource has in common."""

    metadata: FrameMetadata = FrameMetadata()
    spec: dict[str, Any] = {}


class PolicyDraft:
    """Takes policies one by one."""

    def __init__(self, report: Report, claim: Claim) -> None:
        self._report = report
        self._claim = claim
        self._documents: list[PolicyDocument] = []
        self._parts: list[str] = []

    def add(self, source: Source, kind: PolicyKind) -> None:
        """A policy of any kind."""
        raw = source.content(self._report)
        if raw is None:
            return
        if not raw.get("apiVersion") or not raw.get("kind"):
            raw = raw | {"apiVersion": source.api_version, "kind": source.kind}
        if kind.is_custom and not self._is_framed(source, raw):
            return
        position = Position(source.document, source.line)
        reading = kind.read(raw, position)
        for note in reading.notes:
            if note.severity is None:
                self._report.fault(source, note.code, note.detail, note.pointer)
            else:
                severity = note.severity
                self._report.problem(source, note.code, severity, note.detail, note.pointer)
        ref = reading.ref
        if ref.name:
            # What is part of Kubernetes is one object, whichever of its APIs it is written for.
            version = source.api_version if kind.is_custom else ref.api_version
            group = version.rpartition("/")[0]
            self._claim(source, f"{ref.kind}.{group}", ref.namespace, ref.name)
        if reading.value is None:
            return
        digest = digest_of(canonical_json(reading.normalised))
        text, normalised = source.text(), reading.normalised
        self._documents.append(
            PolicyDocument(ref, position, text, normalised, digest, reading.value)
        )
        self._parts.append(source.part)

    def _is_framed(self, source: Source, raw: Mapping[str, Any]) -> bool:
        """Whether a custom resource has what the API server asks of all of them."""
        noted: list[tuple[str, str, str]] = []
        frame = convert(raw, Frame, lambda *note: noted.append(note))
        if frame is not None and not frame.metadata.name and not frame.metadata.generate_name:
            noted.append(("MissingName", "name or generateName is required", "/metadata/name"))
        for note in noted:
            self._report.fault(source, *note)
        return not noted

    def finish(self) -> tuple[PolicyDocument, ...]:
        """The policies, sorted by their reference; of two forms of one object only one."""
        superseded = superseded_forms([(each.ref, each.normalised) for each in self._documents])
        for index, differs in sorted(superseded.items()):
            self._tell_superseded(index, differs=differs)
        found = (each for index, each in enumerate(self._documents) if index not in superseded)
        return tuple(sorted(found, key=lambda each: each.ref))

    def _tell_superseded(self, index: int, *, differs: bool) -> None:
        document = self._documents[index]
        place = Spot(self._parts[index], document.position.document, document.position.line)
        detail = f"{document.ref} is there in Calico's other API too; that one counts"
        if differs:
            self._report.problem(
                place, "CalicoFormsDiffer", Severity.HIGH, f"{detail}, and it says something else"
            )
        else:
            self._report.problem(place, "CalicoFormsAgree", Severity.INFO, detail)
