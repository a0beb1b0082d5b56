"""Versions and the text form of engine profiles."""

from __future__ import annotations

import pytest

from service.model.engine import EngineProfile, Version, profile_of_text, split_profile


@pytest.mark.parametrize(
    ("text", "expected", "printed"),
    [
        ("1", Version(1), "1.0"),
        ("1.17", Version(1, 17), "1.17"),
        ("v1.17.9", Version(1, 17, 9), "1.17.9"),
        ("1.31.0", Version(1, 31), "1.31"),
        ("1.31.4-gke.1", Version(1, 31, 4), "1.31.4"),
        ("1.31+k3s1", Version(1, 31), "1.31"),
        (" 1.8.12 ", Version(1, 8, 12), "1.8.12"),
    ],
)
def test_version(text: str, expected: Version, printed: str) -> None:
    assert Version.parse(text) == expected
    assert str(expected) == printed


@pytest.mark.parametrize("text", ["", "latest", "1.", "1.x", "1.2.3.4", "-1", "v"])
def test_what_is_no_version(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a version such as 1\.17"):
        Version.parse(text)


def test_versions_are_ordered_by_number() -> None:
    texts = ["1.9", "1.10", "1.10.1", "1.17.9", "1.17.10", "2"]
    assert sorted(map(Version.parse, reversed(texts))) == list(map(Version.parse, texts))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("npm", ("npm", None)),
        ("Cilium:1.17", ("cilium", Version(1, 17))),
        (" calico:v3.30.2 ", ("calico", Version(3, 30, 2))),
        ("anything", ("anything", None)),
    ],
)
def test_profile_text(text: str, expected: tuple[str, Version | None]) -> None:
    assert split_profile(text) == expected


@pytest.mark.parametrize("text", ["", "cilium:", "cilium:1.x", "cilium 1.17", "1.17", "a:b:c"])
def test_what_is_no_profile_text(text: str) -> None:
    with pytest.raises(ValueError, match="is not an engine such as"):
        split_profile(text)


@pytest.mark.parametrize(
    ("profile", "text"),
    [
        (EngineProfile("none"), "none"),
        (EngineProfile("cilium", Version(1, 17)), "cilium:1.17"),
        (EngineProfile("npm", None, {"fixes": "2026-09"}), "npm?fixes=2026-09"),
        (EngineProfile("cilium", Version(1, 18), {"sctp": "enabled", "routing": "direct"}),
         "cilium:1.18?routing=direct&sctp=enabled"),
    ],
)  # fmt: skip
def test_profile_in_words(profile: EngineProfile, text: str) -> None:
    assert str(profile) == text
    assert profile_of_text(text) == profile
    assert hash(profile) == hash(
        EngineProfile(
            profile.engine, profile.version, dict(reversed(list(profile.options.items())))
        )
    )
