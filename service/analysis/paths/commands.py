"""Commands for bash: quoted word by word, on one line each, ready to be pasted.

A template is a list of words; `{name}` in a word stands for a value. A value that is not known
becomes a shell variable, and the plan asks for it before anything else.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from service.knowledge import value

_PLACEHOLDER = re.compile(r"\{(?P<name>[a-zA-Z]+)\}")
_WORDS_OF_NAME = re.compile(r"(?<=[a-z])(?=[A-Z])")
_END_OF_TEXT = "NETVERDICT_END"


@dataclass(frozen=True, slots=True)
class Command:
    """One command, or a pipeline, as it is typed.

    `destructive` marks what deletes; `prompts` what asks for something at the keyboard;
    `conditional` what is to be run only where its purpose says so.
    """

    text: str
    purpose: str = ""
    destructive: bool = False
    prompts: bool = False
    conditional: bool = False


@dataclass(frozen=True, slots=True)
class Names:
    """The values that commands are filled with; what is absent becomes a shell variable."""

    values: Mapping[str, str]

    def __getitem__(self, name: str) -> str | None:
        return self.values.get(name) or None


def variable_of(name: str) -> str:
    """The shell variable that stands for a value, for example RESOURCE_GROUP."""
    return _WORDS_OF_NAME.sub("_", name).upper()


def quoted(word: str, names: Names) -> str:
    """One word of a template, quoted so that bash reads it as one word."""
    parts: list[str] = []
    known = ""
    position = 0
    for match in _PLACEHOLDER.finditer(word):
        known += word[position : match.start()]
        position = match.end()
        found = names[match["name"]]
        if found is not None:
            known += found
            continue
        if known:
            parts.append(shlex.quote(known))
            known = ""
        parts.append(f'"${{{variable_of(match["name"])}}}"')
    known += word[position:]
    if known or not parts:
        parts.append(shlex.quote(known))
    return "".join(parts)


def _line(words: Iterable[str], names: Names) -> str:
    """Words of one command; a value that begins with a dash is bound to its option."""
    typed: list[str] = []
    for word in words:
        text = quoted(word, names)
        is_value = _PLACEHOLDER.search(word) is not None
        if is_value and text.lstrip("'").startswith("-") and typed and typed[-1].startswith("--"):
            typed[-1] = f"{typed[-1]}={text}"
        else:
            typed.append(text)
    return " ".join(typed)


def render(template: Mapping[str, Any], names: Names) -> Command:
    """A command from its template.

    `run` holds the words, `pipe` further commands that read its output, `into` a file for the
    output, `input` a text that the first command reads.
    """
    lines = [_line(template["run"], names)]
    lines += [_line(words, names) for words in template.get("pipe", ())]
    text = " | ".join(lines)
    if "into" in template:
        text += f" > {quoted(template['into'], names)}"
    if "input" in template:
        text = with_input(text, template["input"])
    return Command(
        text,
        template.get("purpose", ""),
        bool(template.get("destructive", False)),
        bool(template.get("prompts", False)),
        bool(template.get("conditional", False)),
    )


def with_input(line: str, text: str) -> str:
    """A command that reads a text, as a here-document that bash leaves untouched."""
    end = _END_OF_TEXT
    while end in text:
        end += "_"
    return f"{line} <<'{end}'\n{text.rstrip()}\n{end}"


def names_used(templates: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The values that some templates ask for, in order of appearance."""
    found: dict[str, None] = {}
    for template in templates:
        for words in (template["run"], *template.get("pipe", ()), (template.get("into", ""),)):
            for word in words:
                found.update(dict.fromkeys(each["name"] for each in _PLACEHOLDER.finditer(word)))
    return tuple(found)


def requests(used: Iterable[str], names: Names) -> tuple[Command, ...]:
    """Commands that stop with a message unless the user has set what is not known."""
    meanings = value("steps", "names")
    return tuple(
        Command(
            f': "${{{variable_of(each)}:?{meanings[each]["ask"]}}}"',
            f"stops unless {variable_of(each)} is set",
        )
        for each in dict.fromkeys(used)
        if names[each] is None
    )
