"""The shared vectors about Calico's selector language alone."""

from __future__ import annotations

import pytest
import yaml

from service.manifests.calico_selector import SelectorSyntaxError, parse_selector
from service.model.calico_selector import matches
from tests.vectors.shorthand import CASES, Case

SELECTORS = [each for each in CASES if each.kinds == {"sel"}]


@pytest.mark.parametrize("case", [pytest.param(each, id=each.id) for each in SELECTORS])
def test_selector(case: Case) -> None:
    (given,) = case.given
    expected: object = case.then["cal"]
    if expected == "invalid":
        assert case.when == "parse"
        with pytest.raises(SelectorSyntaxError):
            parse_selector(given["sel"])
        return
    labels = yaml.safe_load(case.when.removeprefix("match labels "))
    assert matches(parse_selector(given["sel"]), labels) is expected, case.why


def test_every_selector_is_tried() -> None:
    assert len(SELECTORS) == 9
