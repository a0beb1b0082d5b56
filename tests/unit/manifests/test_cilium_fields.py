"""Every field of Cilium's policies is read and checked."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from service.manifests.cilium import read_cilium
from service.model.cilium import CiliumPolicy
from tests.unit.manifests.cilium_schema import FIELDS, Field, every_field, with_field

ALL = pytest.mark.parametrize(
    ("kind", "field"),
    [pytest.param(*each, id=f"{each[0]}-{each[1].path}") for each in every_field()],
)


@ALL
def test_is_read(kind: str, field: Field) -> None:
    first = read_cilium(with_field(kind, field, field.first))
    second = read_cilium(with_field(kind, field, field.second))
    for reading in (first, second):
        assert reading.value is not None, reading.notes
        assert "UnknownField" not in {each.code for each in reading.notes}
        again = read_cilium(dict(reading.normalised))
        assert (again.value, again.normalised) == (reading.value, reading.normalised)
    assert (first.value == second.value) is field.means_nothing
    assert first.normalised != second.normalised


@ALL
def test_what_is_wrong_is_refused(kind: str, field: Field) -> None:
    reading = read_cilium(with_field(kind, field, field.wrong))
    pointers = [each.pointer for each in reading.notes if each.severity is None]
    at = f"/spec/{field.path}"
    assert any(each.startswith((at, at.rpartition("/")[0])) for each in pointers), reading.notes


@ALL
def test_of_a_wrong_type_is_refused(kind: str, field: Field) -> None:
    wrong: Any = [[]] if not isinstance(field.first, list) else {"not": "a list"}
    reading = read_cilium(with_field(kind, field, wrong))
    pointers = [each.pointer for each in reading.notes if each.severity is None]
    assert any(each.startswith(f"/spec/{field.path}") for each in pointers), reading.notes


@ALL
def test_null_is_as_if_it_were_not_there(kind: str, field: Field) -> None:
    given = with_field(kind, field, field.first)
    without = copy.deepcopy(given)
    *steps, last = field.path.split("/")
    if last == "0":
        return
    holder, inner = given["spec"], without["spec"]
    for step in steps:
        at: Any = 0 if step == "0" else step
        holder, inner = holder[at], inner[at]
    holder[last] = None
    inner.pop(last)
    null, absent = read_cilium(given), read_cilium(without)
    assert null.value == absent.value
    assert null.normalised == absent.normalised
    assert [each.code for each in null.notes] == [each.code for each in absent.notes]


@pytest.mark.parametrize("kind", ["CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"])
def test_specs_is_a_list_of_the_same(kind: str) -> None:
    for field in FIELDS[kind]:
        given = with_field(kind, field, field.first)
        listed = {key: value for key, value in given.items() if key != "spec"}
        both = {**given, "specs": [given["spec"], given["spec"]]}
        listed["specs"] = [given["spec"]]
        one, other = read_cilium(listed).value, read_cilium(both).value
        assert isinstance(one, CiliumPolicy)
        assert isinstance(other, CiliumPolicy)
        assert [each.pointer for each in one.specs] == ["/specs/0"]
        assert [each.pointer for each in other.specs] == ["/spec", "/specs/0", "/specs/1"]


@pytest.mark.parametrize("kind", sorted(FIELDS))
def test_an_unknown_field_is_told_or_refused(kind: str) -> None:
    asked = 0
    for field in FIELDS[kind]:
        given = with_field(kind, field, field.first)
        holder: Any = given["spec"]
        for step in field.path.split("/")[:-1]:
            holder = holder[0 if step == "0" else step]
        if not isinstance(holder, dict) or field.path.endswith("0"):
            continue
        asked += 1
        holder["unheardOf"] = 1
        told = [each.pointer for each in read_cilium(given).notes if each.code == "UnknownField"]
        assert [each.rpartition("/")[2] for each in told] == ["unheardOf"], field.path
    assert asked
