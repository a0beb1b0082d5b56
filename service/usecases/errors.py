"""What a use case refuses, in words that say nothing of HTTP.

The refusals of `service.manifests` (`UploadRefused`, `UploadTooLarge`, `UnsupportedContent`)
pass through unchanged.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class FieldError:
    """One fault of a request's body; `pointer` is a JSON pointer into it."""

    pointer: str
    detail: str
    code: str = ""


class UsecaseError(Exception):
    """A refusal with a stable code; nothing was stored."""

    def __init__(self, code: str, detail: str, errors: Iterable[FieldError] = ()) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.errors = tuple(errors)

    def __reduce__(self) -> tuple[Any, ...]:
        # An analysis process raises them too.
        return type(self), (self.code, self.detail, self.errors)


class NotFound(UsecaseError):
    """What the request names does not exist."""


class Conflict(UsecaseError):
    """The request contradicts what is stored."""


class PreconditionFailed(UsecaseError):
    """The caller's version token is not the current one."""


class Invalid(UsecaseError):
    """The request is well-formed and breaks a rule."""


class EmptyUpload(UsecaseError):
    """The upload holds no document at all: what it would replace is not meant to go."""


class InvalidParameter(Invalid):
    """What was said beside the body makes no sense: a filter, a cursor, a note, an engine.

    `errors` then point to it as if it were a member: `/labelSelector`.
    """
