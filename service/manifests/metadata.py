"""Object metadata: names, namespaces and labels, checked as the API server does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from service.manifests.names import dns_label_fault, label_key_fault, label_value_fault
from service.manifests.report import Place, Report
from service.manifests.schema import escape
from service.model.finding import Severity
from service.model.inventory import Owner


class OwnerReference(msgspec.Struct, frozen=True, gc=False):
    """An owner of an object; one of them may be its controller."""

    kind: str = ""
    name: str = ""
    controller: bool = False


class Metadata(msgspec.Struct, rename="camel", frozen=True):
    """What is read of the metadata of an inventory object."""

    name: str = ""
    generate_name: str = ""
    namespace: str = ""
    labels: dict[str, str] = {}
    owner_references: list[OwnerReference] = []


NameRule = Callable[[str], str]


class MetadataCheck:
    """Checks metadata of inventory objects."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._shared: dict[tuple[tuple[str, str], ...], Mapping[str, str]] = {}

    def name(self, place: Place, name: str, generate_name: str, rule: NameRule) -> str:
        """The name of an object, made up where the API server would make one up."""
        if not name and generate_name:
            name = f"{generate_name}{place.document:05}"
            detail = f"the object has generateName only; it is called {name!r} here"
            self._report.problem(place, "NameGenerated", Severity.INFO, detail, "/metadata")
        if not name:
            detail = "name or generateName is required"
            self._report.fault(place, "MissingName", detail, "/metadata/name")
        elif wrong := rule(name):
            detail = f"the name {name!r} {wrong}"
            self._report.fault(place, "InvalidName", detail, "/metadata/name")
        return name

    def namespace(self, place: Place, namespace: str) -> str:
        """The namespace of a namespaced object; `default` where none is given."""
        if not namespace:
            return "default"
        if wrong := dns_label_fault(namespace):
            detail = f"the namespace {namespace!r} {wrong}"
            self._report.fault(place, "InvalidNamespace", detail, "/metadata/namespace")
        return namespace

    def controller(self, place: Place, references: Sequence[OwnerReference]) -> Owner | None:
        """The controller that an object belongs to; there is one at most."""
        controllers: list[Owner] = []
        for at, each in enumerate(references):
            for field, value in (("kind", each.kind), ("name", each.name)):
                if not value:
                    detail = f"the {field} of an owner must not be empty"
                    pointer = f"/metadata/ownerReferences/{at}/{field}"
                    self._report.fault(place, "RequiredField", detail, pointer)
            if each.controller:
                controllers.append(Owner(each.kind, each.name))
        if len(controllers) > 1:
            detail = "only one owner can be the controller"
            self._report.fault(place, "SeveralControllers", detail, "/metadata/ownerReferences")
        return controllers[0] if controllers else None

    def labels(
        self, place: Place, labels: Mapping[str, str], pointer: str = "/metadata/labels"
    ) -> Mapping[str, str]:
        """Labels; equal ones are one and the same mapping, which saves memory and later work."""
        pairs = tuple(labels.items())
        found = self._shared.get(pairs)
        if found is None:
            found = dict(sorted(pairs))
            # Every pair is asked about, so that every fault is listed.
            answers = [self._is_right(place, key, value, pointer) for key, value in pairs]
            if all(answers):
                self._shared[pairs] = found
        return found

    def _is_right(self, place: Place, key: str, value: str, pointer: str) -> bool:
        at = f"{pointer}/{escape(key)}"
        wrong_key, wrong_value = label_key_fault(key), label_value_fault(value)
        if wrong_key:
            self._report.fault(place, "InvalidLabelKey", f"the label key {key!r} {wrong_key}", at)
        if wrong_value:
            detail = f"the label value {value!r} {wrong_value}"
            self._report.fault(place, "InvalidLabelValue", detail, at)
        return not wrong_key and not wrong_value
