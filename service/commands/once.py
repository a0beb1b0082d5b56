"""Options that may be given once: of two values the last one would win without a word."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any


def refuse_repeats(parser: argparse.ArgumentParser) -> None:
    """Make single values of all options that are added later and have no action of their own."""
    for name in (None, "store"):
        parser.register("action", name, Once)
    parser.register("action", argparse.BooleanOptionalAction, OnceOrNot)


class Once(argparse.Action):
    """Keep the value of an option; a second one is bad usage."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        _note(self, namespace)
        setattr(namespace, self.dest, values)


class OnceOrNot(argparse.BooleanOptionalAction):
    """The same for an option that has an opposite."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        _note(self, namespace)
        super().__call__(parser, namespace, values, option_string)


def _note(action: argparse.Action, namespace: argparse.Namespace) -> None:
    given: set[str] = vars(namespace).setdefault("given", set())
    if action.dest in given:
        raise argparse.ArgumentError(action, "may be given once")
    given.add(action.dest)
