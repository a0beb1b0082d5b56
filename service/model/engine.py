"""Engine profiles: which engine, in which version, with which options."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_PROFILE_TEXT = re.compile(r"(?P<name>[a-z]+)(?::v?(?P<version>\d+(?:\.\d+){0,2}))?")


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """A release such as 1.17 or 1.17.9; a missing part counts as 0."""

    major: int
    minor: int = 0
    patch: int = 0

    @classmethod
    def parse(cls, text: str) -> Version:
        """Read `1.17`, `v1.17.9` or `1.31.4-gke.1`; raises `ValueError` for anything else."""
        match = re.match(r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:[-+].*)?$", text.strip())
        if match is None:
            raise ValueError(f"{text!r} is not a version such as 1.17 or 1.17.9")
        return cls(*(int(part or 0) for part in match.groups()))

    def __str__(self) -> str:
        minor = f"{self.major}.{self.minor}"
        return f"{minor}.{self.patch}" if self.patch else minor


@dataclass(frozen=True, slots=True)
class EngineProfile:
    """An engine with the version and options that decide what it does.

    Node OS is not part of it: it belongs to the node that a policed pod runs on.
    """

    engine: str
    version: Version | None = None
    options: Mapping[str, str] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash((self.engine, self.version, tuple(sorted(self.options.items()))))

    def __str__(self) -> str:
        text = f"{self.engine}:{self.version}" if self.version else self.engine
        if self.options:
            text += "?" + "&".join(f"{key}={value}" for key, value in sorted(self.options.items()))
        return text


def split_profile(text: str) -> tuple[str, Version | None]:
    """Read `cilium` or `cilium:1.17`; raises `ValueError` where the text has another form."""
    match = _PROFILE_TEXT.fullmatch(text.strip().lower())
    if match is None:
        raise ValueError(f"{text!r} is not an engine such as 'npm' or 'cilium:1.17'")
    version = match["version"]
    return match["name"], Version.parse(version) if version else None


def profile_of_text(text: str) -> EngineProfile:
    """The profile that `str` has written; nothing is checked against what engines have."""
    engine, _, options = text.partition("?")
    name, _, version = engine.partition(":")
    pairs = (each.partition("=") for each in options.split("&") if each)
    return EngineProfile(
        name,
        Version.parse(version) if version else None,
        {key: value for key, _, value in pairs},
    )
