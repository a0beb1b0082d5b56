"""Cilium's names and patterns."""

from __future__ import annotations

import pytest

from service.model.domain_names import matches_cilium_name, matches_cilium_pattern


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("*.cilium.io", "sub.cilium.io", True),
        ("*.cilium.io", "cilium.io", False),
        ("*.cilium.io", "sub.sub.cilium.io", False),
        ("*cilium.io", "cilium.io", True),
        ("*cilium.io", "mycilium.io", True),
        ("part*ial.com", "partial.com", True),
        ("part*ial.com", "part-extra-ial.com", True),
        ("part*ial.com", "part.ial.com", False),
        ("sub*.cilium.io", "subdomain.cilium.io", True),
        ("*", "anything.at.all", True),
        ("*.", "one", True),
        ("API.Example.com", "api.example.COM.", True),
        ("api.example.com", "apixexample.com", False),
        ("a+b.io", "a+b.io", True),
    ],
)
@pytest.mark.parametrize("many_labels", [False, True])
def test_pattern(pattern: str, name: str, expected: bool, many_labels: bool) -> None:
    assert matches_cilium_pattern(pattern, name, many_labels=many_labels) is expected


@pytest.mark.parametrize(
    ("name", "before", "since"),
    [
        ("app.cilium.io", True, True),
        ("test.app.cilium.io", False, True),
        ("cilium.io", False, False),
        ("xcilium.io", False, False),
    ],
)
def test_leading_asterisks(name: str, before: bool, since: bool) -> None:
    assert matches_cilium_pattern("**.cilium.io", name, many_labels=False) is before
    assert matches_cilium_pattern("**.cilium.io", name, many_labels=True) is since


def test_name() -> None:
    assert matches_cilium_name("api.example.com", "API.example.com.")
    assert not matches_cilium_name("example.com", "api.example.com")
