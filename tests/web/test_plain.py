"""What is taken for plain would be loaded without a fault, and to the same document."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.web.schemas.base import DocumentSchema, RequestSchema
from service.web.schemas.cluster import ClusterCreateSchema
from service.web.schemas.evaluation import EvaluationCreateSchema

SOURCE = {"namespace": "demo", "pod": "client"}
FLOW = {"source": SOURCE, "destination": SOURCE, "protocol": "TCP", "port": 80}


class Hooked(DocumentSchema):
    """Whether it is right is not seen from its fields."""

    name = ma.fields.String()

    @ma.validates_schema
    def refuse(self, _data: Any, **_: Any) -> None:
        raise ma.ValidationError("never")


@pytest.mark.parametrize(
    ("document", "plain"),
    [
        ({"flows": [FLOW]}, True),
        ({"flows": [FLOW] * 1000, "engine": "cilium:1.17"}, True),
        ({"flows": [{"source": {}, "destination": {}}]}, True),
        ({"flows": [{**FLOW, "port": "http"}]}, True),
        ({"flows": [FLOW], "engine": {"name": "cilium"}}, False),
        ({"flows": []}, False),
        ({"flows": [FLOW] * 1001}, False),
        ({"flows": [{**FLOW, "port": 80.0}]}, False),
        ({"flows": [{**FLOW, "port": True}]}, False),
        ({"flows": [{**FLOW, "protocol": None}]}, False),
        ({"flows": [{**FLOW, "more": 1}]}, False),
        ({"flows": [{"source": SOURCE}]}, False),
        ({"flows": {"source": SOURCE}}, False),
        ({"flows": [FLOW], "more": 1}, False),
        ({"engine": "npm"}, False),
        ([], False),
        (None, False),
    ],
)
def test_evaluations(document: Any, plain: bool) -> None:
    assert EvaluationCreateSchema()._is_plain(document) is plain


def test_validators_are_asked() -> None:
    check = ClusterCreateSchema()._is_plain
    assert check({"name": "a", "engine": "npm", "location": "westeurope"})
    assert not check({"name": "Capital", "engine": "npm"})


def test_a_schema_with_rules_of_its_own_is_loaded() -> None:
    with pytest.raises(ma.ValidationError):
        Hooked().load({"name": "a"})


_TEXTS = st.sampled_from(["demo", "", "a", "http"])
_STRANGE: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.floats(0, 99), st.lists(_TEXTS), st.just({})
)
_VALUES = st.one_of(_TEXTS, st.integers(-1, 70000), _STRANGE)
_ENDS = st.dictionaries(
    st.sampled_from(
        ["namespace", "pod", "workload", "labelSelector", "node", "ip", "service", "x"]
    ),
    _VALUES,
    max_size=3,
)
_FLOWS = st.fixed_dictionaries(
    {},
    optional={
        "source": st.one_of(_ENDS, _STRANGE),
        "destination": st.one_of(_ENDS, _STRANGE),
        "protocol": _VALUES,
        "port": _VALUES,
        "more": _VALUES,
    },
)
_DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "flows": st.one_of(st.lists(st.one_of(_FLOWS, _STRANGE), max_size=2), _STRANGE),
        "engine": _VALUES,
        "more": _VALUES,
    },
)


@given(_DOCUMENTS)
def test_what_is_plain_has_no_fault(document: dict[str, Any]) -> None:
    schema = EvaluationCreateSchema()
    if schema._is_plain(document):
        assert RequestSchema.load(schema, document) is document
