"""The objects of one part, whatever form it has."""

from __future__ import annotations

import re
from collections.abc import Iterator

from yaml import CLoader, YAMLError
from yaml.error import MarkedYAMLError

from service.manifests.json_documents import JsonReader, MalformedJson
from service.manifests.limits import Limits
from service.manifests.report import Report
from service.manifests.source import Numbering, Source, Spot
from service.manifests.unpacking import Content, Form
from service.manifests.yaml_documents import Chunk, YamlReader, split

_BLANK = re.compile(rb"\s*+")
_JSON_START = re.compile(rb"\s*\{")
_PLAINLY_JSON = re.compile(rb'\s*\{\s*["}]')
_CHUNK_JSON = re.compile(r"(?:---(?=\s))?\s*(?=\{)")


class ObjectReader:
    """Reads parts one after the other, as one upload."""

    def __init__(self, limits: Limits, report: Report) -> None:
        self._limits = limits
        self._report = report
        self.numbering = Numbering(limits.documents)
        self.is_blank = True
        """Whether nothing but white space and comments has come by."""

    def objects(self, part: Content) -> Iterator[Source]:
        """The objects of a part; what cannot be read is noted."""
        match part.form:
            case Form.NDJSON | Form.JSON if _BLANK.fullmatch(part.content):
                return
            case Form.NDJSON:
                self.is_blank = False
                yield from self._json(part.name).lines(part.content)
            case Form.JSON:
                self.is_blank = False
                yield from self._from_json(part)
            case Form.YAML | Form.ANY:
                yield from self._from_yaml(part)

    def _json(self, part: str, first_line: int = 1) -> JsonReader:
        return JsonReader(part, self._limits, self.numbering, self._report, first_line)

    def _from_json(self, part: Content) -> Iterator[Source]:
        try:
            found = self._json(part.name).objects(part.content)
        except MalformedJson as error:
            self._refuse(part, error)
        else:
            yield from found

    def _refuse(self, part: Content, error: MalformedJson) -> None:
        spot = Spot(part.name, self.numbering.next(), error.line)
        self._report.fault(spot, "MalformedDocument", error.detail)

    def _from_yaml(self, part: Content) -> Iterator[Source]:
        """JSON is YAML, and reading it as what it is costs a fraction."""
        if _JSON_START.match(part.content):
            self.is_blank = False
            try:
                found = self._json(part.name).objects(part.content)
            except MalformedJson as error:
                if _seems_json(part.content) and not _goes_on_as_yaml(part.content, error.offset):
                    self._refuse(part, error)
                    return
            else:
                yield from found
                return
        yield from self._from_stream(part)

    def _from_stream(self, part: Content) -> Iterator[Source]:
        try:
            stream = part.content.decode()
        except UnicodeDecodeError as error:
            line = part.content.count(b"\n", 0, error.start) + 1
            spot = Spot(part.name, self.numbering.next(), line)
            self._report.fault(spot, "MalformedDocument", "the text is not UTF-8")
            return
        reader = YamlReader(part.name, self._limits, self.numbering, self._report)
        for chunk in split(stream):
            self.is_blank = False
            found = self._json_chunk(part.name, chunk)
            yield from reader.objects(chunk) if found is None else found

    def _json_chunk(self, part: str, chunk: Chunk) -> Iterator[Source] | None:
        start = _CHUNK_JSON.match(chunk.text)
        if start is None:
            return None
        line = chunk.line + chunk.text.count("\n", 0, start.end())
        try:
            return self._json(part, line).objects(chunk.text[start.end() :].encode())
        except MalformedJson:
            return None


def _seems_json(content: bytes) -> bool:
    """Whether somebody who reads a text would say that JSON was meant."""
    return bool(_PLAINLY_JSON.match(content)) and b"\n---" not in content


def _goes_on_as_yaml(content: bytes, offset: int) -> bool:
    """Whether a text that is JSON up to an offset is YAML for longer.

    Of two faults the later one tells more: what comes before it was as its author meant it.
    """
    try:
        loader = CLoader(content.decode())
        while loader.check_event():
            loader.get_event()
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return mark is not None and int(mark.index) > offset
    except (YAMLError, UnicodeError):
        return False
    return True
