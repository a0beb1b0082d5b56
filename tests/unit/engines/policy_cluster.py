"""The fixture of the vectors with admin policies and Cilium's, asked one flow at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import yaml

from service.engines.registry import compile_pipeline
from service.model.pipeline import Pipeline
from service.model.verdict import Verdict
from tests.builders import Manifest, evaluator, profile, snapshot
from tests.vectors.shorthand import MANIFEST_OF, fixture_manifests, flow_of, kind_of


def objects(texts: Sequence[str | Manifest]) -> list[Manifest]:
    """Objects from shorthand such as `cnp: {ns: shop, ...}`, or as they are."""
    found: list[Manifest] = []
    for index, text in enumerate(texts):
        if not isinstance(text, str):
            found.append(text)
            continue
        given: dict[str, Any] = yaml.safe_load(f"{{{text}}}")
        found.append(MANIFEST_OF[kind_of(given)](given, f"p{index}"))
    return found


def verdict(
    texts: Sequence[str | Manifest],
    when: str,
    engine: str = "cilium",
    more: Iterable[Manifest] = (),
) -> Verdict:
    """The verdict on a flow in the words of the vectors."""
    found = snapshot(*fixture_manifests(), *more, *objects(texts))
    return evaluator(found, engine).evaluate(flow_of(when))


def decision(
    texts: Sequence[str | Manifest],
    when: str,
    engine: str = "cilium",
    more: Iterable[Manifest] = (),
) -> str:
    return verdict(texts, when, engine, more).decision.value


def assumed(
    texts: Sequence[str | Manifest],
    when: str,
    engine: str = "cilium",
    more: Iterable[Manifest] = (),
) -> set[str]:
    """The codes that an Unknown rests on; empty where the answer is certain."""
    return {each.code for each in verdict(texts, when, engine, more).assumptions}


def pipeline(texts: Sequence[str | Manifest], engine: str = "cilium") -> Pipeline:
    return compile_pipeline(snapshot(*fixture_manifests(), *objects(texts)), profile(engine))


def findings(texts: Sequence[str | Manifest], engine: str = "cilium") -> list[tuple[str, str]]:
    """Code and pointer of every finding."""
    return [(each.code, each.pointer) for each in pipeline(texts, engine).findings]
