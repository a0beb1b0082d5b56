"""Every field of the admin policies is read, checked, and has its part in what is enforced."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest

from service.engines.registry import compile_pipeline
from service.manifests.admin_policy import read_admin_policy
from service.model.pipeline import Pipeline
from tests.builders import Manifest, namespace, node, pod, profile, snapshot
from tests.unit.manifests.admin_schema import V1, every_field, with_field
from tests.unit.manifests.cilium_schema import Field

ALL = pytest.mark.parametrize(
    ("kind", "field"), [pytest.param(kind, field, id=name) for kind, field, name in every_field()]
)


@ALL
def test_is_read(kind: str, field: Field) -> None:
    first = read_admin_policy(with_field(kind, field, field.first))
    second = read_admin_policy(with_field(kind, field, field.second))
    for reading in (first, second):
        assert reading.value is not None, reading.notes
        assert not reading.notes
        again = read_admin_policy(dict(reading.normalised))
        assert (again.value, again.normalised) == (reading.value, reading.normalised)
    assert first.value != second.value
    assert first.normalised != second.normalised


@ALL
def test_what_is_wrong_is_refused(kind: str, field: Field) -> None:
    for wrong in (field.wrong, [[]] if not isinstance(field.first, list) else {"not": "a list"}):
        reading = read_admin_policy(with_field(kind, field, wrong))
        pointers = [each.pointer for each in reading.notes if each.severity is None]
        at = f"/spec/{field.path}"
        assert any(each.startswith((at, at.rpartition("/")[0])) for each in pointers), wrong


@ALL
def test_null_is_as_if_it_were_not_there(kind: str, field: Field) -> None:
    given = with_field(kind, field, field.first)
    without = copy.deepcopy(given)
    *steps, last = field.path.split("/")
    holder, inner = given["spec"], without["spec"]
    for step in steps:
        at: Any = 0 if step == "0" else step
        holder, inner = holder[at], inner[at]
    holder[last] = None
    inner.pop(last)
    null, absent = read_admin_policy(given), read_admin_policy(without)
    assert null.value == absent.value
    assert null.normalised == absent.normalised
    assert [each.code for each in null.notes] == [each.code for each in absent.notes]


CLUSTER = (
    namespace("shop", {"a": "1"}),
    namespace("team", {"b": "1"}),
    {**node("n1", "192.168.0.1"), "metadata": {"name": "n1", "labels": {"a": "1"}}},
    {**node("n2", "192.168.0.2"), "metadata": {"name": "n2", "labels": {"b": "1"}}},
    pod("shop/web", {"a": "1"}, ips=["10.0.0.1"], ports="http=80 sql=5432/UDP"),
    pod("team/api", {"b": "1"}, ips=["10.1.0.1"], ports="http=81"),
)
#: Beside it the priority counts.
BESIDE: Manifest = {
    "metadata": {"name": "beside"},
    "spec": {
        "priority": 15,
        "subject": {"namespaces": {}},
        "ingress": [{"action": "Pass", "from": [{"namespaces": {}}]}],
    },
}


def _compiled(kind: str, field: Field, value: Any) -> Pipeline:
    given = with_field(kind, field, value)
    more: list[Manifest] = []
    if field.path == "priority":
        identity = {"apiVersion": given["apiVersion"], "kind": kind}
        tier = {} if given["apiVersion"] == V1 else {"tier": "Admin"}
        more = [{**BESIDE, **identity, "spec": {**BESIDE["spec"], **tier}}]
    found = compile_pipeline(snapshot(*CLUSTER, *more, given), profile("kubernetes"))
    return replace(found, findings=())


@ALL
def test_counts(kind: str, field: Field) -> None:
    first, second = (_compiled(kind, field, value) for value in (field.first, field.second))
    assert first != second
