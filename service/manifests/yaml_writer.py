"""Writes plain JSON values as YAML, quickly and in one fixed style."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from service.manifests.yaml_scalars import resolve

#: Texts that are the same plain as quoted, wherever they stand.
_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*", re.ASCII)


def yaml_of(value: Mapping[str, Any]) -> str:
    """One document, without a marker."""
    return "".join(f"{line}\n" for line in _mapping(value, ""))


def _mapping(value: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, each in value.items():
        if isinstance(each, Mapping) and each:
            yield f"{indent}{_scalar(key)}:"
            yield from _mapping(each, indent + "  ")
        elif isinstance(each, list | tuple) and each:
            yield f"{indent}{_scalar(key)}:"
            yield from _sequence(each, indent)
        else:
            yield f"{indent}{_scalar(key)}: {_scalar(each)}"


def _sequence(value: Sequence[Any], indent: str) -> Iterator[str]:
    for each in value:
        if isinstance(each, Mapping) and each:
            lines = _mapping(each, indent + "  ")
            yield f"{indent}- {next(lines).lstrip()}"
            yield from lines
        else:
            yield f"{indent}- {_scalar(each)}"


def _scalar(value: Any) -> str:
    if isinstance(value, str) and _PLAIN.fullmatch(value) and isinstance(resolve(value), str):
        return value
    return json.dumps(value, ensure_ascii=False)
