"""Facts about engines as data: every entry names its source and the day it was read (asOf).

The files are JSON beside this module, read once. Nothing here decides anything.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib import resources
from typing import Any


@cache
def facts(name: str) -> dict[str, Any]:
    """The content of one data file, for example `facts("cilium")`."""
    text = resources.files(__name__).joinpath(f"{name}.json").read_text(encoding="utf-8")
    content = json.loads(text)
    if not isinstance(content, dict):
        raise TypeError(f"{name}.json must hold an object")
    return content


def value(name: str, key: str) -> Any:
    """The `value` of one entry of a data file."""
    return facts(name)[key]["value"]


def entry_at(path: str) -> Any:
    """The `value` of an entry given as `file.key`, as other entries refer to it."""
    name, _, key = path.partition(".")
    return value(name, key)


@cache
def file_names() -> tuple[str, ...]:
    """The data files, without their suffix, in order."""
    return tuple(
        sorted(
            each.name.removesuffix(".json")
            for each in resources.files(__name__).iterdir()
            if each.name.endswith(".json")
        )
    )


@cache
def edition() -> str:
    """A digest of all data files: reports name it, so that one can tell what they rest on."""
    content = json.dumps({name: facts(name) for name in file_names()}, sort_keys=True)
    return f"sha256:{hashlib.sha256(content.encode()).hexdigest()}"
