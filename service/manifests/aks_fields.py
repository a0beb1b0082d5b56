"""A JSON object of Azure's, read without regard to the case of its keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.manifests.faults import Problem
from service.model.finding import Severity


class Fields:
    """Typed access to an object's members.

    Null, "" and absent are all None. A member of another type than asked for is None too, and
    a problem.
    """

    def __init__(self, members: Mapping[Any, Any], pointer: str, problems: list[Problem]) -> None:
        self.pointer = pointer
        self._problems = problems
        self._members: dict[str, tuple[str, Any]] = {}
        for key, value in members.items():
            if value is not None and value != "":
                self._members.setdefault(str(key).lower(), (str(key), value))

    def has(self, key: str) -> bool:
        return key.lower() in self._members

    def member(self, key: str) -> Fields | None:
        """A member that is an object."""
        value = self._get(key)
        if value is None:
            return None
        if isinstance(value, Mapping):
            return Fields(value, self._pointer(key), self._problems)
        self._misfit(key, "an object")
        return None

    def members(self, key: str) -> list[Fields]:
        """A member that is a list of objects."""
        value = self._get(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(each, Mapping) for each in value):
            self._misfit(key, "a list of objects")
            return []
        pointer = self._pointer(key)
        return [
            Fields(each, f"{pointer}/{index}", self._problems) for index, each in enumerate(value)
        ]

    def text(self, *path: str) -> str | None:
        """A member that is a text; numbers are taken as they are printed."""
        value = self._find(path, (str, int), "a text")
        return None if value is None else str(value)

    def lowered(self, key: str) -> str | None:
        """A member whose value is one of Azure's names, which it compares without case."""
        text = self.text(key)
        return None if text is None else text.lower()

    def number(self, *path: str) -> int | None:
        """A member that is a whole number."""
        value = self._find(path, (int,), "a whole number")
        return value if isinstance(value, int) else None

    def flag(self, *path: str) -> bool | None:
        """A member that is true or false."""
        value = self._find(path, (bool,), "true or false")
        return value if isinstance(value, bool) else None

    def texts(self, key: str) -> tuple[str, ...]:
        """A member that is a list of texts."""
        value = self._get(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            self._misfit(key, "a list of texts")
            return ()
        return tuple(value)

    def texts_by_key(self, key: str) -> dict[str, str]:
        """A member that is an object of texts; here the case of keys counts."""
        value = self._get(key)
        if value is None:
            return {}
        if not isinstance(value, Mapping) or not all(
            isinstance(each, str) for each in value.values()
        ):
            self._misfit(key, "an object of texts")
            return {}
        return {str(name): text for name, text in value.items()}

    def problem(self, key: str, code: str, detail: str) -> None:
        """Tell of something about a member."""
        self._problems.append(Problem(code, Severity.MEDIUM, detail, pointer=self._pointer(key)))

    def _find(self, path: tuple[str, ...], kinds: tuple[type, ...], wanted: str) -> Any:
        *outer, key = path
        owner: Fields | None = self
        for step in outer:
            owner = owner.member(step) if owner else None
        value = owner._get(key) if owner else None
        if owner is None or value is None:
            return None
        if isinstance(value, kinds) and isinstance(value, bool) == (bool in kinds):
            return value
        owner._misfit(key, wanted)
        return None

    def _get(self, key: str) -> Any:
        return self._members.get(key.lower(), ("", None))[1]

    def _pointer(self, key: str) -> str:
        spelled = self._members.get(key.lower(), (key, None))[0]
        return f"{self.pointer}/{spelled.replace('~', '~0').replace('/', '~1')}"

    def _misfit(self, key: str, wanted: str) -> None:
        self.problem(key, "FieldNotReadable", f"{key} should be {wanted} and is left out")
