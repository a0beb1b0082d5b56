from __future__ import annotations

import pytest

from service.model.labels import EVERYTHING
from service.usecases.errors import InvalidParameter
from service.usecases.texts import fault_of_text, filter_selector, is_storable


def test_a_filter_that_is_no_selector_is_a_wrong_parameter() -> None:
    assert filter_selector(None) == filter_selector("") == EVERYTHING
    assert str(filter_selector("tier in (b,a),!old")) == "!old,tier in (a, b)"
    with pytest.raises(InvalidParameter) as refused:
        filter_selector("a b")
    assert refused.value.code == "InvalidLabelSelector"
    assert [each.pointer for each in refused.value.errors] == ["/labelSelector"]


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
