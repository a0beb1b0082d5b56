"""Plain YAML scalars as Kubernetes reads them.

Kubernetes turns YAML into JSON with goyaml.v2 (YAML 1.1 without base 60): `on` and `y` are
booleans, 0123 is octal, timestamps stay strings, and a float without a fraction is written to
JSON as an integer. Rules: sigs.k8s.io/yaml, goyaml.v2 resolve.go.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from typing import Final

Scalar = str | int | float | bool | None

TAG_PREFIX: Final = "tag:yaml.org,2002:"

_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(
        ("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True
    ),
    **dict.fromkeys(
        ("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False
    ),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_NUMBER_STARTS = frozenset("+-.0123456789")
_INTEGER = re.compile(
    r"(?P<sign>[-+]?)(?:0[xX](?P<hex>[0-9a-fA-F]+)|0[bB](?P<bin>[01]+)|0[oO]?(?P<oct>[0-7]+)"
    r"|(?P<dec>0|[1-9][0-9]*))"
)
_BETWEEN_DIGITS = re.compile(r"(?<=[0-9])_(?=[0-9])")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_BASES = {"hex": 16, "bin": 2, "oct": 8, "dec": 10}


def resolve(text: str) -> Scalar:
    """The value of a plain scalar without a tag."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMBER_STARTS:
        return text
    if text[0] == ".":
        # Go's parser lets underscores stand between digits here.
        plain = _BETWEEN_DIGITS.sub("", text)
        return _float(plain, text) if _FLOAT.fullmatch(plain) else text
    number = text.replace("_", "")
    match = _INTEGER.fullmatch(number)
    if match is not None:
        kind = match.lastgroup or "dec"
        digits = match[kind].lstrip("0") or "0"
        # Beyond 64 bits goyaml goes on as with a float, which only takes decimal digits. More
        # digits than that are not even converted: Python refuses some thousands of them.
        if len(digits) <= 64:
            value = int(digits, _BASES[kind])
            value = -value if match["sign"] == "-" else value
            if -(1 << 63) <= value < 1 << 64:
                return value
    return _float(number, text) if _FLOAT.fullmatch(number) else text


def _float(number: str, text: str) -> Scalar:
    value = float(number)
    return text if math.isinf(value) else as_json_number(value)


def as_json_number(value: float) -> float | int:
    """A float as it is after a way through JSON as Go writes it."""
    return int(value) if value.is_integer() and abs(value) < 1e21 else value


def resolve_tagged(tag: str, text: str) -> Scalar:
    """The value of a scalar with a core tag; raises `ValueError` where it does not fit."""
    name = tag.removeprefix(TAG_PREFIX)
    match name:
        case "str" | "timestamp" | "merge":
            return text
        case "binary":
            return _binary(text)
        case _:
            value = resolve(text)
    found = _kind_of(value)
    if name == found or (name, found) == ("float", "int"):
        return value
    shown = text if len(text) <= 40 else text[:37] + "..."
    raise ValueError(f"cannot read {shown!r} as !!{name}")


def _kind_of(value: Scalar) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "bool"
        case int():
            return "int"
        case float():
            return "float"
        case _:
            return "str"


def _binary(text: str) -> str:
    try:
        return base64.b64decode(text.replace("\n", ""), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise ValueError("a !!binary value must be base64 of UTF-8 text") from None


def key_text(value: Scalar) -> str | None:
    """A mapping key as the JSON key it becomes; None where it has none."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return f"{value:.9g}"
        case None:
            return None
