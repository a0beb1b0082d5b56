"""Makes the input files of the measurements: `python -m benchmarks.inputs NAME PATH`."""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

from benchmarks.generators import large, microservices, observed
from benchmarks.objects import Manifest


def main() -> int:
    name, path = sys.argv[1], Path(sys.argv[2])
    match name.split("-"):
        case ["large.json"]:
            path.write_bytes(dump(large()))
        case ["large.json.gz"]:
            path.write_bytes(gzip.compress(dump(large()), 6))
        case ["policies.yaml"]:
            policies = [each for each in large() if each["kind"] == "NetworkPolicy"]
            path.write_text(documents(policies), encoding="utf-8")
        case ["observed.json"]:
            path.write_bytes(dump(observed()))
        case ["services", number]:
            path.write_bytes(dump(microservices(int(number))))
        case ["folder", number]:
            write_folder(microservices(int(number)), path)
        case _:
            print(f"no input is called {name}", file=sys.stderr)
            return 2
    return 0


def dump(objects: Sequence[Manifest]) -> bytes:
    """The bytes that `kubectl get -o json` prints."""
    listed = {"apiVersion": "v1", "items": objects, "kind": "List", "metadata": {}}
    return json.dumps(listed, indent=4).encode()


def documents(objects: Sequence[Manifest]) -> str:
    """A YAML file as people keep it."""
    return yaml.dump_all(objects, Dumper=yaml.CSafeDumper, sort_keys=False)


def write_folder(objects: Sequence[Manifest], folder: Path) -> None:
    """A YAML file for each namespace."""
    folder.mkdir()
    by_namespace: dict[str, list[Manifest]] = {}
    for each in objects:
        metadata = each["metadata"]
        home = metadata["name"] if each["kind"] == "Namespace" else metadata["namespace"]
        by_namespace.setdefault(home, []).append(each)
    for name, found in by_namespace.items():
        (folder / f"{name}.yaml").write_text(documents(found), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
