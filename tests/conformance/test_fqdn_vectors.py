"""The shared vectors that ask Cilium's name matcher alone."""

from __future__ import annotations

import pytest

from service.model.domain_names import matches_cilium_name, matches_cilium_pattern
from tests.vectors.shorthand import CASES, Case

MATCHER_CASES = [each for each in CASES if each.kinds == {"fqdn"}]


@pytest.mark.parametrize("case", [pytest.param(each, id=each.id) for each in MATCHER_CASES])
@pytest.mark.parametrize("many_labels", [False, True])
def test_matcher(case: Case, many_labels: bool) -> None:
    (given,) = case.given
    wanted, name = given["fqdn"], case.when.removeprefix("match ")
    if "matchName" in wanted:
        found = matches_cilium_name(wanted["matchName"], name)
    else:
        found = matches_cilium_pattern(wanted["matchPattern"], name, many_labels=many_labels)
    expected: object = case.then["cil"]
    assert found is expected, case.why
