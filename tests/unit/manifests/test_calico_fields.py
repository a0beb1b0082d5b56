"""Every field of Calico's objects is read and checked, in both API forms."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from service.manifests.calico import read_calico
from service.model.calico import API, STORED_API
from service.model.finding import Severity
from tests.unit.manifests.calico_schema import FIELDS, Field, every_field, with_field

ALL = pytest.mark.parametrize(
    ("kind", "field"),
    [pytest.param(*each, id=f"{each[0]}-{each[1].path}") for each in every_field()],
)
BOTH = pytest.mark.parametrize("api", [API, STORED_API])


@BOTH
@ALL
def test_is_read(kind: str, field: Field, api: str) -> None:
    first = read_calico(with_field(kind, field, field.first, api))
    second = read_calico(with_field(kind, field, field.second, api))
    for reading in (first, second):
        assert not reading.is_refused, reading.notes
        assert "UnknownField" not in {each.code for each in reading.notes}
        assert reading.value is not None
        if not hasattr(reading.value, "unreadable"):
            continue
        assert not reading.value.unreadable
    assert (first.value == second.value) is field.means_nothing
    # A digest that is the same would hide the change from everybody.
    assert first.normalised != second.normalised


@ALL
def test_what_is_wrong_is_refused(kind: str, field: Field) -> None:
    if field.wrong is None:
        return
    reading = read_calico(with_field(kind, field, field.wrong))
    pointers = [each.pointer for each in reading.notes if each.severity is None]
    assert pointers
    at = f"/spec/{field.path}"
    assert any(each.startswith((at, at.rpartition("/")[0])) for each in pointers)


@ALL
def test_of_a_wrong_type_is_refused(kind: str, field: Field) -> None:
    wrong: Any = [[]] if not isinstance(field.first, list) else {"not": "a list"}
    if field.means_nothing:
        return
    reading = read_calico(with_field(kind, field, wrong))
    pointers = [each.pointer for each in reading.notes if each.severity is None]
    assert any(each.startswith(f"/spec/{field.path}") for each in pointers), reading.notes


@ALL
def test_what_is_wrong_and_stored(kind: str, field: Field) -> None:
    """Nothing validates stored objects: Felix reads on, or what it makes of it is told."""
    if field.wrong is None or field.means_nothing:
        return
    reading = read_calico(with_field(kind, field, field.wrong, STORED_API))
    assert not reading.is_refused
    assert reading.value is not None
    told = {each.severity for each in reading.notes}
    assert (Severity.HIGH in told) is not field.is_read_when_stored, reading.notes
    if field.is_read_when_stored:
        assert not getattr(reading.value, "unreadable", ())
    assert read_calico(dict(reading.normalised)).value == reading.value


@BOTH
@ALL
def test_null_is_as_if_it_were_not_there(kind: str, field: Field, api: str) -> None:
    given = with_field(kind, field, field.first, api)
    holder: Any = given["spec"]
    *steps, last = field.path.split("/")
    for step in steps:
        holder = holder[0 if step == "0" else step]
    without = copy.deepcopy(given)
    inner: Any = without["spec"]
    for step in steps:
        inner = inner[0 if step == "0" else step]
    holder[last] = None
    del inner[last]
    null, absent = read_calico(given), read_calico(without)
    assert null.value == absent.value
    if not getattr(null.value, "unreadable", ()):
        # What Felix cannot read stays as it was stored.
        assert null.normalised == absent.normalised
    assert [each.code for each in null.notes] == [each.code for each in absent.notes]


@pytest.mark.parametrize("kind", sorted(FIELDS))
def test_an_unknown_field_is_told(kind: str) -> None:
    asked = 0
    for field in FIELDS[kind]:
        given = with_field(kind, field, field.first)
        holder: Any = given["spec"]
        for step in field.path.split("/")[:-1]:
            holder = holder[0 if step == "0" else step]
        if "annotations" in field.path or not isinstance(holder, dict):
            continue
        asked += 1
        holder["unheardOf"] = 1
        told = [each for each in read_calico(given).notes if each.code == "UnknownField"]
        assert [each.pointer.rpartition("/")[2] for each in told] == ["unheardOf"], field.path
    assert asked
