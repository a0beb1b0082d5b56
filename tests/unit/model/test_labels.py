"""Label selectors as the Kubernetes API defines them."""

from __future__ import annotations

import pytest

from service.model.labels import EVERYTHING, LabelSelector, Operator, Requirement

#: Operator, values, and what it makes of: no such key, the empty value, "a", "b".
TABLE = [
    (Operator.IN, ("a",), False, False, True, False),
    (Operator.IN, ("a", "b"), False, False, True, True),
    (Operator.IN, ("",), False, True, False, False),
    (Operator.NOT_IN, ("a",), True, True, False, True),
    (Operator.NOT_IN, ("a", "b"), True, True, False, False),
    (Operator.NOT_IN, ("",), True, False, True, True),
    (Operator.EXISTS, (), False, True, True, True),
    (Operator.DOES_NOT_EXIST, (), True, False, False, False),
    (Operator.CONTAINS, ("a",), False, False, True, False),
    (Operator.CONTAINS, ("",), False, True, True, True),
    (Operator.STARTS_WITH, ("a",), False, False, True, False),
    (Operator.ENDS_WITH, ("b",), False, False, False, True),
]


@pytest.mark.parametrize(("operator", "values", "absent", "empty", "a", "b"), TABLE)
def test_operators(
    operator: Operator, values: tuple[str, ...], absent: bool, empty: bool, a: bool, b: bool
) -> None:
    requirement = Requirement("key", operator, values)
    assert requirement.accepts(None) is absent
    assert requirement.accepts("") is empty
    assert requirement.accepts("a") is a
    assert requirement.accepts("b") is b
    assert requirement.is_negative is absent


def test_all_requirements_must_hold() -> None:
    selector = LabelSelector(
        (
            Requirement("app", Operator.IN, ("web",)),
            Requirement("track", Operator.NOT_IN, ("canary",)),
        )
    )
    assert selector.matches({"app": "web"})
    assert selector.matches({"app": "web", "track": "stable", "more": ""})
    assert not selector.matches({"app": "web", "track": "canary"})
    assert not selector.matches({"track": "stable"})
    assert not selector.matches({})


def test_an_empty_selector_matches_everything() -> None:
    assert EVERYTHING.matches({})
    assert EVERYTHING.matches({"app": "web"})
    assert not EVERYTHING.is_negative_only


def test_contradictions_match_nothing() -> None:
    selector = LabelSelector(
        (Requirement("app", Operator.EXISTS), Requirement("app", Operator.DOES_NOT_EXIST))
    )
    assert not selector.matches({})
    assert not selector.matches({"app": "web"})
    assert not selector.is_negative_only


@pytest.mark.parametrize(
    ("requirements", "expected"),
    [
        ((Requirement("a", Operator.NOT_IN, ("x",)),), True),
        ((Requirement("a", Operator.NOT_IN, ("x",)), Requirement("b", Operator.DOES_NOT_EXIST)),
         True),
        ((Requirement("a", Operator.NOT_IN, ("x",)), Requirement("b", Operator.EXISTS)), False),
        ((Requirement("a", Operator.IN, ("x",)),), False),
    ],
)  # fmt: skip
def test_negative_only(requirements: tuple[Requirement, ...], expected: bool) -> None:
    selector = LabelSelector(requirements)
    assert selector.is_negative_only is expected
    # Which is the same as: it has requirements, and no labels at all meet them.
    assert selector.matches({}) is expected


@pytest.mark.parametrize(
    ("requirement", "text"),
    [
        (Requirement("app", Operator.IN, ("web",)), "app=web"),
        (Requirement("app", Operator.IN, ("a", "b")), "app in (a, b)"),
        (Requirement("app", Operator.NOT_IN, ("web",)), "app!=web"),
        (Requirement("app", Operator.NOT_IN, ("a", "b")), "app not in (a, b)"),
        (Requirement("app", Operator.EXISTS), "app"),
        (Requirement("app", Operator.DOES_NOT_EXIST), "!app"),
        (Requirement("app", Operator.STARTS_WITH, ("w",)), "app StartsWith 'w'"),
    ],
)
def test_words(requirement: Requirement, text: str) -> None:
    assert str(requirement) == text
    assert str(LabelSelector((requirement, requirement))) == f"{text},{text}"


def test_words_for_everything() -> None:
    assert str(EVERYTHING) == "{}"
