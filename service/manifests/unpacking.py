"""Parts as they arrive to plain bytes of a known form, within bounds."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto

from service.manifests.faults import UnsupportedContent, UploadTooLarge
from service.manifests.limits import Limits
from service.manifests.report import Report
from service.manifests.source import Spot
from service.manifests.upload import UploadPart

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP = zlib.MAX_WBITS | 16
_STEP = 1 << 20
_SLICE = 1 << 16


class Form(Enum):
    """How the objects of a part are written."""

    YAML = auto()
    JSON = auto()
    NDJSON = auto()
    ANY = auto()
    """To be found out from the content."""


_FORMS = {
    "": Form.ANY,
    "application/yaml": Form.YAML,
    "application/x-yaml": Form.YAML,
    "text/yaml": Form.YAML,
    "text/x-yaml": Form.YAML,
    "application/json": Form.JSON,
    "application/x-ndjson": Form.NDJSON,
    "application/gzip": Form.ANY,
    "application/x-gzip": Form.ANY,
}


@dataclass(frozen=True, slots=True)
class Content:
    """The plain bytes of a part."""

    name: str
    form: Form
    content: bytes


class _Corrupt(Exception):
    """The compressed bytes are not what they claim to be."""


def unpack(parts: Iterable[UploadPart], limits: Limits, report: Report) -> Iterator[Content]:
    """Unpack part by part; the bounds are on all of them together."""
    given = list(parts)
    sent = sum(len(each.content) for each in given)
    if sent > limits.sent_bytes:
        raise UploadTooLarge(
            "SentBytesExceeded", f"{sent:,} bytes were sent, {limits.sent_bytes:,} are allowed"
        )
    forms = [_form(each) for each in given]
    left = limits.unpacked_bytes
    for part, form in zip(given, forms, strict=True):
        content = part.content
        # No text begins with these bytes, so a file that was compressed before is told by them.
        if part.encoding == "gzip" or content.startswith(_GZIP_MAGIC):
            try:
                content = _gunzip(content, left, limits)
            except (_Corrupt, zlib.error) as error:
                detail = f"not gzip: {error}"
                report.fault(Spot(part.name), "MalformedDocument", detail)
                continue
        elif len(content) > left:
            raise _too_much_unpacked(limits)
        left -= len(content)
        yield Content(part.name, form, content.removeprefix(_BYTE_ORDER_MARK))


def _form(part: UploadPart) -> Form:
    if part.encoding not in {"identity", "", "gzip"}:
        raise UnsupportedContent(f"the encoding {part.encoding!r} is not supported, gzip is")
    media_type, _, parameters = part.media_type.partition(";")
    form = _FORMS.get(media_type.strip().lower())
    if form is None:
        raise UnsupportedContent(
            f"the media type {media_type.strip()!r} is not supported; application/yaml, "
            "application/json and application/x-ndjson are"
        )
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        charset = value.strip().strip('"').lower()
        if name.strip().lower() == "charset" and charset not in {"utf-8", "utf8", "us-ascii"}:
            raise UnsupportedContent(f"the charset {charset!r} is not supported, UTF-8 is")
    return form


def _gunzip(packed: bytes, left: int, limits: Limits) -> bytes:
    """All members of a gzip stream, given up as soon as a bound is passed."""
    most_by_ratio = max(len(packed) * limits.ratio, limits.ratio_floor)
    pieces: list[bytes] = []
    size = 0
    for piece in _members(packed):
        size += len(piece)
        if size > left:
            raise _too_much_unpacked(limits)
        if size > most_by_ratio:
            raise UploadTooLarge(
                "RatioExceeded", f"a part unpacks to more than {limits.ratio} times its size"
            )
        pieces.append(piece)
    return b"".join(pieces)


def _members(packed: bytes) -> Iterator[bytes]:
    """What a gzip stream of one or several members unpacks to, at most `_STEP` bytes at once."""
    view = memoryview(packed)
    member: zlib._Decompress | None = zlib.decompressobj(wbits=_GZIP)
    for start in range(0, len(packed), _SLICE):
        rest = bytes(view[start : start + _SLICE])
        while True:
            if member is None:
                # Zeros after a member are padding.
                rest = rest.lstrip(b"\0")
                if not rest:
                    break
                member = zlib.decompressobj(wbits=_GZIP)
            piece = member.decompress(rest, _STEP)
            yield piece
            if member.eof:
                rest, member = member.unused_data, None
            elif member.unconsumed_tail or len(piece) == _STEP:
                rest = member.unconsumed_tail
            else:
                break
    if member is not None:
        raise _Corrupt("the stream ends too early")


def _too_much_unpacked(limits: Limits) -> UploadTooLarge:
    detail = f"the upload unpacks to more than {limits.unpacked_bytes:,} bytes"
    return UploadTooLarge("UnpackedBytesExceeded", detail)
