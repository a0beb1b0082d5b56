"""Facts about engines as data: every entry names its source and the day it was read (asOf).

The files are JSON beside this module, read once. Nothing here decides anything.
"""

from __future__ import annotations

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
