"""The fixture of the vectors with Calico objects in shorthand, asked one flow at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import yaml

from service.engines.registry import compile_pipeline
from service.model.pipeline import Pipeline
from service.model.verdict import Verdict
from tests.builders import Manifest, evaluator, profile, snapshot
from tests.vectors.calico import CALICO_MANIFEST_OF
from tests.vectors.shorthand import fixture_manifests, flow_of, kind_of, network_policy_of

_MANIFEST_OF = {"spec": network_policy_of, **CALICO_MANIFEST_OF}

Given = Mapping[str, Any]


def rule(match: str = "", action: str = "Allow") -> dict[str, Any]:
    """A rule whose match is given as the inside of a YAML mapping."""
    return {"action": action, **yaml.safe_load(f"{{{match}}}")}


def gnp(*rules: Given, **spec: Any) -> Given:
    """A global policy for the ingress of `shop/db`, unless its spec says otherwise."""
    usual = {"selector": "app == 'db'", "types": ["Ingress"], "ingress": list(rules)}
    return {"gnp": {**usual, **spec}}


def calnp(*rules: Given, **spec: Any) -> Given:
    """The same as a policy of namespace `shop`."""
    return {"calnp": {"ns": "shop", **gnp(*rules, **spec)["gnp"]}}


def given(text: str) -> Given:
    """One object in shorthand."""
    found: Given = yaml.safe_load(f"{{{text}}}")
    return found


def _snapshot(objects: Sequence[Given], more: Iterable[Manifest]) -> Any:
    made = [_MANIFEST_OF[kind_of(each)](each, f"p{index}") for index, each in enumerate(objects)]
    return snapshot(*fixture_manifests(), *more, *made)


def verdict(
    objects: Sequence[Given], when: str, engine: str = "calico", more: Iterable[Manifest] = ()
) -> Verdict:
    """The verdict on a flow of the fixture's cluster with some objects."""
    return evaluator(_snapshot(objects, more), engine).evaluate(flow_of(when))


def decision(
    objects: Sequence[Given], when: str, engine: str = "calico", more: Iterable[Manifest] = ()
) -> str:
    """The decision, with the codes of what it depends on where it is Unknown."""
    found = verdict(objects, when, engine, more)
    return " ".join([found.decision.value, *sorted({each.code for each in found.assumptions})])


def pipeline(
    objects: Sequence[Given], engine: str = "calico", more: Iterable[Manifest] = ()
) -> Pipeline:
    """The pipeline of the fixture's cluster with some objects."""
    return compile_pipeline(_snapshot(objects, more), profile(engine))


def findings(objects: Sequence[Given], engine: str = "calico") -> list[tuple[str, str]]:
    """The findings as code and name of the policy."""
    return [
        (each.code, each.policy.name if each.policy else "")
        for each in pipeline(objects, engine).findings
    ]
