"""Hand-made inputs that the API server would refuse, put right where it is not about policies."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from service.manifests.reader import UploadPart


def mended(files: Iterable[Path]) -> UploadPart:
    """The objects of some files as one List: each object once, and no map where a list belongs."""
    found: dict[tuple[str, ...], Any] = {}
    for each in _objects(files):
        metadata = each.setdefault("metadata", {"name": ""})
        metadata["name"] = metadata["name"].replace("_", "-")
        key = (each["apiVersion"], each["kind"], metadata.get("namespace", ""), metadata["name"])
        found.setdefault(key, _without_maps_of_ports(each))
    listed = {"apiVersion": "v1", "kind": "List", "items": list(found.values())}
    return UploadPart(json.dumps(listed).encode(), "application/json")


def _objects(files: Iterable[Path]) -> Iterator[dict[str, Any]]:
    for path in files:
        text = path.read_text(encoding="utf-8")
        documents = (
            [json.loads(text)]
            if path.suffix == ".json"
            else list(yaml.load_all(text, Loader=yaml.CSafeLoader))
        )
        for document in documents:
            if document and "items" in document:
                kind = document["kind"].removesuffix("List")
                for each in document["items"]:
                    yield {"apiVersion": document["apiVersion"], "kind": kind, **each}
            elif document:
                yield document


def _without_maps_of_ports(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: [] if key == "ports" and inner == {} else _without_maps_of_ports(inner)
            for key, inner in value.items()
        }
    return [_without_maps_of_ports(each) for each in value] if isinstance(value, list) else value
