"""The kinds of problem this API answers with (RFC 9457).

A type says what went wrong as far as HTTP is concerned; the `code` of a problem is finer and as
stable. Both only ever gain members.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProblemType:
    """One kind; `slug` is the last part of its URI."""

    slug: str
    status: int
    title: str
    code: str
    """Used where nothing finer is known."""
    description: str

    @property
    def uri(self) -> str:
        return f"/problems/{self.slug}"


MALFORMED_REQUEST = ProblemType(
    "malformed-request",
    400,
    "The request is malformed",
    "MalformedRequest",
    "The body cannot be parsed, or a query parameter or header is unknown or has no such value. "
    "`errors` names each place.",
)
NOT_FOUND = ProblemType(
    "not-found", 404, "There is no such resource", "NotFound", "Nothing is at this address."
)
METHOD_NOT_ALLOWED = ProblemType(
    "method-not-allowed",
    405,
    "The resource does not have this method",
    "MethodNotAllowed",
    "The header `Allow` lists the methods that it has. Revisions, verdicts and reports never "
    "change.",
)
NOT_ACCEPTABLE = ProblemType(
    "not-acceptable",
    406,
    "No representation is acceptable",
    "NotAcceptable",
    "None of the media types in the header `Accept` is offered; `detail` lists those that are.",
)
REQUEST_TIMEOUT = ProblemType(
    "request-timeout",
    408,
    "The request did not arrive in time",
    "RequestTimeout",
    "Nothing more of the body came for a while, and the connection is closed. Nothing was stored.",
)
CONFLICT = ProblemType(
    "conflict",
    409,
    "The request contradicts what is stored",
    "Conflict",
    "For example a name that is taken, a cluster with revisions that is to be deleted, or a report "
    "whose connections this version of the service decides otherwise.",
)
PRECONDITION_FAILED = ProblemType(
    "precondition-failed",
    412,
    "The resource is not in the expected state",
    "PreconditionFailed",
    "`If-Match` or `If-None-Match` does not hold: read the resource again, then decide.",
)
TOO_LARGE = ProblemType(
    "too-large",
    413,
    "The request is too large",
    "TooLarge",
    "A limit on bytes as sent, bytes unpacked, compression ratio or documents is exceeded.",
)
UNSUPPORTED_MEDIA_TYPE = ProblemType(
    "unsupported-media-type",
    415,
    "The body's type or encoding is not supported",
    "UnsupportedMediaType",
    "`Accept-Post`, `Accept-Patch` or `Accept-Encoding` in the answer says what is.",
)
INVALID_BODY = ProblemType(
    "invalid-body",
    422,
    "The request body is not valid",
    "InvalidBody",
    "The body is well-formed and breaks the schema or a rule. `errors` has every fault with its "
    "JSON pointer, for uploads also with document and line. Nothing was stored.",
)
INTERNAL = ProblemType(
    "internal",
    500,
    "The service failed",
    "InternalError",
    "A fault of ours. The request id finds it in the service's log.",
)
NOT_READY = ProblemType(
    "not-ready",
    503,
    "The service cannot answer now",
    "NotReady",
    "The database cannot be reached or is not at the newest migration, or the process that solves "
    "maps ended while answering (`AnalysisFailed`). Try again after `Retry-After`.",
)

PROBLEM_TYPES = (
    MALFORMED_REQUEST,
    NOT_FOUND,
    METHOD_NOT_ALLOWED,
    NOT_ACCEPTABLE,
    REQUEST_TIMEOUT,
    CONFLICT,
    PRECONDITION_FAILED,
    TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE,
    INVALID_BODY,
    INTERNAL,
    NOT_READY,
)
BY_STATUS = {each.status: each for each in PROBLEM_TYPES}
