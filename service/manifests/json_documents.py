"""JSON as objects: one object, a list of objects, one object a line, or objects in a row."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from service.manifests.envelope import (
    NO_IDENTITY,
    Identity,
    identify,
    identity_of_items,
    is_list,
)
from service.manifests.json_source import JsonSource, Lines
from service.manifests.limits import Limits
from service.manifests.report import Report
from service.manifests.schema import describe
from service.manifests.source import Numbering, Spot

_GAP = re.compile(rb"[\s,]*")
_OFFSET = re.compile(r"\(byte (\d+)\)")


class MalformedJson(Exception):
    """Not JSON from an offset on; `line` counts from 1."""

    def __init__(self, detail: str, line: int, offset: int) -> None:
        self.detail = detail
        self.line = line
        self.offset = offset
        super().__init__(detail)


class _Envelope(msgspec.Struct):
    """An object whose items stay undecoded."""

    apiVersion: Any = None
    kind: Any = None
    items: list[msgspec.Raw] | None = None


class _LooseEnvelope(msgspec.Struct):
    apiVersion: Any = None
    kind: Any = None
    items: Any = None


class JsonReader:
    """Reads the JSON of one part."""

    def __init__(
        self, part: str, limits: Limits, numbering: Numbering, report: Report, first_line: int = 1
    ) -> None:
        self._part = part
        self._depth = limits.depth
        self._numbering = numbering
        self._report = report
        self._first_line = first_line
        self._content = b""
        self._lines = Lines(b"", first_line)

    def objects(self, content: bytes) -> Iterator[JsonSource]:
        """The objects of a text, one or several in a row; `MalformedJson` comes at once."""
        self._content = content
        self._lines = Lines(content, self._first_line)
        try:
            envelope = _ENVELOPE.decode(content)
        except (ValueError, RecursionError):
            # Not one object, or none at all. What follows also checks what was not looked at.
            return self._each(self._values(content), 0, NO_IDENTITY)
        return self._expand(envelope, msgspec.Raw(content), 0, NO_IDENTITY)

    def lines(self, content: bytes) -> Iterator[JsonSource]:
        """One object a line; a line that is none costs only itself."""
        self._content = content
        self._lines = Lines(content, self._first_line)
        offset = 0
        for line in content.splitlines(keepends=True):
            if not line.isspace():
                try:
                    _RAW.decode(line)
                except (msgspec.DecodeError, RecursionError) as error:
                    spot = Spot(self._part, self._numbering.next(), self._lines.at(offset))
                    self._report.fault(spot, "MalformedDocument", f"not JSON: {error}")
                else:
                    start = offset + len(line) - len(line.lstrip())
                    yield from self._each([msgspec.Raw(line.strip())], start, NO_IDENTITY)
            offset += len(line)

    def _values(self, content: bytes) -> list[msgspec.Raw]:
        try:
            return _RAW.decode_lines(content)
        except RecursionError:
            raise MalformedJson("nested too deep", self._first_line, len(content)) from None
        except msgspec.DecodeError as error:
            found = _OFFSET.search(str(error))
            # Without an offset it is the end that is missing.
            offset = int(found[1]) if found else len(content)
            line = self._lines.at(offset if found else len(content.rstrip()))
            detail = str(error).removeprefix("JSON is malformed: ")
            raise MalformedJson(f"not JSON: {detail}", line, offset) from None

    def _each(
        self, raws: list[msgspec.Raw], start: int, inherited: Identity
    ) -> Iterator[JsonSource]:
        """Values that stand in the content in this order, with nothing but gaps between them."""
        content = self._content
        cursor = content.find(bytes(raws[0]), start) if raws else 0
        for raw in raws:
            gap = _GAP.match(content, cursor)
            offset = gap.end() if gap else cursor
            cursor = offset + memoryview(raw).nbytes
            envelope = self._envelope(raw, offset)
            if envelope is not None:
                yield from self._expand(envelope, raw, offset, inherited)

    def _envelope(self, raw: msgspec.Raw, offset: int) -> _Envelope | None:
        """What an object says of itself, of equal keys the last; None with the fault noted."""
        try:
            try:
                return _ENVELOPE.decode(raw)
            except msgspec.ValidationError:
                # Items that are no list belong to an object of some other kind.
                loose = _LOOSE.decode(raw)
                return _Envelope(loose.apiVersion, loose.kind)
        except (ValueError, RecursionError) as error:
            spot = Spot(self._part, self._numbering.next(), self._lines.at(offset))
            if isinstance(error, msgspec.ValidationError):
                value = describe(json.loads(bytes(raw)))
                self._report.fault(spot, "NotAnObject", f"must be an object, not {value}")
            else:
                self._report.fault(spot, "MalformedDocument", f"not JSON: {error}")
            return None

    def _expand(
        self, envelope: _Envelope, raw: msgspec.Raw, offset: int, inherited: Identity
    ) -> Iterator[JsonSource]:
        """One object, or those in a list."""
        if is_list(envelope.kind, envelope.items):
            of_items = identity_of_items(envelope.apiVersion, envelope.kind)
            yield from self._each(envelope.items or [], offset, of_items)
            return
        source = self._source(raw, offset, NO_IDENTITY)
        identity = identify(envelope.apiVersion, envelope.kind, inherited, source, self._report)
        if identity is not None:
            source.api_version, source.kind = identity
            source.inherits = not (envelope.apiVersion and envelope.kind)
            yield source

    def _source(self, raw: msgspec.Raw, offset: int, identity: Identity) -> JsonSource:
        number = self._numbering.next()
        return JsonSource(self._part, number, *identity, raw, offset, self._lines, self._depth)


_ENVELOPE = msgspec.json.Decoder(_Envelope)
_LOOSE = msgspec.json.Decoder(_LooseEnvelope)
_RAW = msgspec.json.Decoder(msgspec.Raw)
