"""A stored revision as manifests again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from service.manifests.inventory_manifests import inventory_manifests
from service.manifests.json_source import as_plain_json
from service.manifests.upload import PolicyDocument
from service.manifests.yaml_nodes import value_of
from service.manifests.yaml_writer import yaml_of
from service.model.inventory import Inventory

_LINES = frozenset({"ndjson", "application/x-ndjson"})


def manifest_documents(
    documents: Iterable[PolicyDocument], inventory: Inventory, form: str = "yaml"
) -> str:
    """A revision as YAML documents, or one JSON object a line (`ndjson`).

    Policies come as they were uploaded (in lines: with the same values), inventory objects in
    their modelled form. Read as an upload they give the same digests.
    """
    objects = inventory_manifests(inventory)
    if form in _LINES:
        return "".join(f"{line}\n" for line in _lines(documents, objects))
    return "---\n".join(_texts(documents, objects))


def _texts(
    documents: Iterable[PolicyDocument], objects: Iterable[Mapping[str, Any]]
) -> Iterator[str]:
    yield from map(yaml_of, objects)
    for each in documents:
        yield each.text if each.text.endswith("\n") else f"{each.text}\n"


def _lines(
    documents: Iterable[PolicyDocument], objects: Iterable[Mapping[str, Any]]
) -> Iterator[str]:
    for each in objects:
        yield _compact(each)
    for document in documents:
        value = as_plain_json(document.text)
        if value is None:
            value = value_of(document.text)
        # What was readable once still is, unless the limits were raised for it.
        yield _compact(document.normalised if value is None else value)


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
