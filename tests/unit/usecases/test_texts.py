from __future__ import annotations

import pytest

from service.model.labels import LabelSelector, Operator, Requirement
from service.usecases.errors import InvalidParameter
from service.usecases.texts import fault_of_text, filter_selector, is_storable, read_label_selector


def _requirement(key: str, operator: Operator, *values: str) -> Requirement:
    return Requirement(key, operator, values)


@pytest.mark.parametrize(
    ("text", "requirements"),
    [
        ("", []),
        ("  ", []),
        ("app=web", [_requirement("app", Operator.IN, "web")]),
        ("app == web", [_requirement("app", Operator.IN, "web")]),
        ("app=", [_requirement("app", Operator.IN, "")]),
        ("app!=web", [_requirement("app", Operator.NOT_IN, "web")]),
        ("tier in (b, a)", [_requirement("tier", Operator.IN, "a", "b")]),
        ("tier in (a,)", [_requirement("tier", Operator.IN, "", "a")]),
        ("tier notin (a)", [_requirement("tier", Operator.NOT_IN, "a")]),
        ("in in (a)", [_requirement("in", Operator.IN, "a")]),
        ("app", [_requirement("app", Operator.EXISTS)]),
        ("!app", [_requirement("app", Operator.DOES_NOT_EXIST)]),
        (
            "app.kubernetes.io/name=web,tier in (a,b),!old",
            [
                _requirement("app.kubernetes.io/name", Operator.IN, "web"),
                _requirement("tier", Operator.IN, "a", "b"),
                _requirement("old", Operator.DOES_NOT_EXIST),
            ],
        ),
    ],
)
def test_selectors_are_read_as_kubectl_reads_them(
    text: str, requirements: list[Requirement]
) -> None:
    selector = read_label_selector(text)
    assert selector == LabelSelector(tuple(requirements))
    if requirements:
        assert read_label_selector(str(selector)) == selector


@pytest.mark.parametrize(
    "text", [",", "a=b,", "=x", "a=b=c", "a in b", "a in (b", "!", "a b", "-a=b", "a=-b", "x/y/z=1"]
)
def test_what_is_no_selector_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="is no"):
        read_label_selector(text)
    with pytest.raises(InvalidParameter) as refused:
        filter_selector(text)
    assert refused.value.code == "InvalidLabelSelector"


@pytest.mark.parametrize(
    ("text", "storable", "fault"),
    [
        ("Zürich\t\n", True, ""),
        ("a\x00", False, "must not hold control characters"),
        ("\ud800", False, "must not hold control characters"),
        ("a\x1b", True, "must not hold control characters"),
        ("abcdefghijk", True, "must not be longer than 10 characters"),
    ],
)
def test_texts_that_are_accepted(text: str, storable: bool, fault: str) -> None:
    assert is_storable(text) is storable
    assert fault_of_text(text, 10) == fault
