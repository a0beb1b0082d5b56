"""Typed access to the members of a Calico object, noting what is wrong with them and where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from service.manifests.calico_selector import SelectorSyntaxError, parse_selector
from service.manifests.names import dns_subdomain_fault
from service.model.calico_selector import Selector
from service.model.finding import Severity


@dataclass(frozen=True, slots=True)
class Note:
    """Something about one place in an object; without a severity it is a reason to refuse it."""

    code: str
    detail: str
    pointer: str
    severity: Severity | None = None


@dataclass(slots=True)
class Notes:
    """What was found in one object.

    The v3 API refuses a faulty object. An object that was stored past it (`stored`) exists all
    the same; what Felix cannot read of it is told and kept apart as `unreadable`.
    """

    stored: bool
    found: list[Note] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[Note]:
        """The reasons to refuse the object."""
        return [each for each in self.found if each.severity is None]

    def wrong(self, code: str, detail: str, pointer: str) -> None:
        """The API refuses this; Felix treats a stored object with it as missing."""
        reason = f"{pointer}: {detail}"
        if self.stored and reason not in self.unreadable:
            self.unreadable.append(reason)
        self._add(Note(code, detail, pointer, Severity.HIGH if self.stored else None))

    def loses(self, code: str, detail: str, pointer: str) -> bool:
        """The API refuses this; Felix reads a stored object as if the restriction were not there.

        True where that is so.
        """
        self._add(Note(code, detail, pointer, Severity.HIGH if self.stored else None))
        return self.stored

    def tell(self, code: str, severity: Severity, detail: str, pointer: str) -> None:
        """Worth knowing, whatever form the object has."""
        self._add(Note(code, detail, pointer, severity))

    def _add(self, note: Note) -> None:
        # A member that several checks look at is told of once.
        if note not in self.found:
            self.found.append(note)


def shown(value: Any) -> str:
    """A value for a message; of what holds others only what it is."""
    if isinstance(value, Mapping):
        return "an object"
    return "a list" if isinstance(value, list) else repr(value)


class Members:
    """A JSON object of which null and absent members are the same."""

    def __init__(self, raw: Mapping[str, Any], pointer: str, notes: Notes) -> None:
        self._raw = {str(key): value for key, value in raw.items() if value is not None}
        self.pointer = pointer
        self.notes = notes

    def __contains__(self, key: str) -> bool:
        return key in self._raw

    def keys(self) -> set[str]:
        """The names of all members."""
        return set(self._raw)

    def at(self, key: str | int) -> str:
        """The pointer of a member."""
        return f"{self.pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"

    def wrong(self, key: str, code: str, detail: str) -> None:
        """Note a fault of a member."""
        self.notes.wrong(code, detail, self.at(key))

    def only(self, *keys: str) -> None:
        """Tell of members that the API does not know: it drops them, and they have no effect."""
        for key in sorted(self._raw.keys() - set(keys)):
            detail = f"{key} is no field here and is ignored"
            self.notes.tell("UnknownField", Severity.MEDIUM, detail, self.at(key))

    def value(self, key: str) -> Any:
        """A member of any type; None where it is absent."""
        return self._raw.get(key)

    def text(self, key: str) -> str:
        """A text, or an empty one."""
        value = self._raw.get(key, "")
        if not isinstance(value, str):
            self._misfit(key, "a text")
            return ""
        return value

    def number(self, key: str) -> int | None:
        """A whole number."""
        value = self._raw.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            self._misfit(key, "a whole number")
            return None
        return value

    def decimal(self, key: str) -> float | None:
        """A number of any kind."""
        value = self._raw.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            self._misfit(key, "a number")
            return None
        try:
            return float(value)
        except OverflowError:
            self.wrong(key, "InvalidValue", f"{key} is too large")
            return None

    def flag(self, key: str) -> bool:
        """True or false; absent is false."""
        value = self._raw.get(key, False)
        if not isinstance(value, bool):
            self._misfit(key, "true or false")
            return False
        return value

    def choice(self, key: str, allowed: Iterable[str], default: str = "") -> str:
        """A text that is one of some; the default where it is absent or none of them."""
        if key not in self._raw:
            return default
        value = self.text(key)
        known = list(allowed)
        if value not in known:
            self.wrong(key, "InvalidValue", f"{key} must be one of {', '.join(known)}")
            return default
        return value

    def member(self, key: str) -> Members | None:
        """A member that is an object."""
        value = self._raw.get(key)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            self._misfit(key, "an object")
            return None
        return Members(value, self.at(key), self.notes)

    def members(self, key: str) -> list[Members]:
        """A list of objects; what is none is left out."""
        found: list[Members] = []
        for pointer, value in self.items(key):
            if isinstance(value, Mapping):
                found.append(Members(value, pointer, self.notes))
            else:
                self.notes.wrong("InvalidType", "must be an object", pointer)
        return found

    def items(self, key: str) -> Iterator[tuple[str, Any]]:
        """The elements of a list, each with its pointer."""
        value = self._raw.get(key, [])
        if not isinstance(value, list):
            self._misfit(key, "a list")
            return
        for index, each in enumerate(value):
            yield f"{self.at(key)}/{index}", each

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts."""
        found: list[str] = []
        for pointer, value in self.items(key):
            if isinstance(value, str):
                found.append(value)
            else:
                self.notes.wrong("InvalidType", "must be a text", pointer)
        return tuple(found)

    def name(self, key: str) -> str:
        """A text that the API wants to be a name; Felix looks for whatever a stored one says."""
        value = self.text(key)
        if value and not self.notes.stored and (wrong := dns_subdomain_fault(value)):
            self.wrong(key, "InvalidName", f"{key} {wrong}")
        return value

    def names(self, key: str) -> tuple[str, ...]:
        """A list of such texts."""
        found = self.texts(key)
        if not self.notes.stored:
            for pointer, value in self.items(key):
                if isinstance(value, str) and (wrong := dns_subdomain_fault(value)):
                    self.notes.wrong("InvalidName", f"{value!r} {wrong}", pointer)
        return found

    def labels(self, key: str) -> dict[str, str]:
        """An object of texts."""
        value = self._raw.get(key, {})
        if not isinstance(value, Mapping):
            self._misfit(key, "an object of texts")
            return {}
        found: dict[str, str] = {}
        for name, text in value.items():
            if isinstance(text, str):
                found[str(name)] = text
            else:
                self.notes.wrong("InvalidType", "must be a text", f"{self.at(key)}/{name}")
        return found

    def selector(
        self, key: str, *, loses: bool = False, allows_global: bool = False
    ) -> Selector | None:
        """A selector expression; None where it is absent, empty or faulty.

        `loses`: a stored selector that does not parse is a lost restriction to Felix; the
        object counts as missing otherwise.
        """
        text = self.text(key)
        if not text:
            return None
        try:
            found = parse_selector(text)
        except SelectorSyntaxError as error:
            detail = f"{key} is no selector: {error}"
            if loses:
                self.notes.loses("InvalidSelector", detail, self.at(key))
            else:
                self.notes.wrong("InvalidSelector", detail, self.at(key))
            return None
        if "global(" in text and not self.notes.stored:
            alone = str(found) == "global()"
            if not allows_global:
                self.wrong(
                    key, "InvalidSelector", "global() is for the namespaceSelector of rules only"
                )
            elif not alone:
                self.wrong(key, "InvalidSelector", "global() cannot be combined with anything")
        return found

    def _misfit(self, key: str, wanted: str) -> None:
        self.wrong(key, "InvalidType", f"{key} must be {wanted}")
