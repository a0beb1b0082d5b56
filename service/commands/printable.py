"""Texts from manifests for a terminal: nothing in them moves its cursor or begins a line."""

from __future__ import annotations

from unicodedata import category

#: Control characters, those that turn the direction of text around, and ends of lines.
_ESCAPED = frozenset({"Cc", "Cf", "Zl", "Zp"})


def printable(text: str) -> str:
    """A text with such characters as escapes."""
    # Half of a pair stands for a byte of a file's name, and goes out as that byte.
    return text if text.isprintable() else "".join(map(_shown, text))


def _shown(character: str) -> str:
    if category(character) not in _ESCAPED:
        return character
    return character.encode("unicode_escape").decode()
