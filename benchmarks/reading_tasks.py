"""Measurements from bytes or files to a map."""

from __future__ import annotations

import compileall
import gc
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import service
from service.analysis.filters import MapFilter
from service.commands.files import LIMITS, read_files
from service.engines.registry import resolve_profile
from service.manifests.reader import UploadPart, read_upload
from service.manifests.snapshot import build_snapshot
from service.model.snapshot import Snapshot
from service.usecases.map_json import LineWriter
from service.usecases.map_solving import collection_paused, solved_map

Samples = dict[str, list[float]]


def decode_json(path: str) -> Samples:
    """`json.loads`, as anybody calls it and with garbage collection paused."""
    content = Path(path).read_bytes()
    start = perf_counter()
    found = json.loads(content)
    end = perf_counter()
    del found
    gc.disable()
    again = perf_counter()
    found = json.loads(content)
    paused = perf_counter() - again
    del found
    return {"plain": [end - start], "paused": [paused], "megabytes": [len(content) / 1e6]}


def solve_dump(path: str, engine: str) -> Samples:
    """A dump to the solved map, and the part of it that begins with the snapshot."""
    content = Path(path).read_bytes()
    profile = resolve_profile(engine)
    start = perf_counter()
    snapshot = snapshot_of(content)
    read = perf_counter()
    solved_map(snapshot, profile).whole()
    end = perf_counter()
    return {"whole": [end - start], "solving": [end - read]}


def snapshot_of(content: bytes) -> Snapshot:
    """The snapshot of a dump."""
    with collection_paused():
        upload = read_upload([UploadPart(content, "application/json")], LIMITS)
        snapshot, _ = build_snapshot(upload.inventory, upload.policies)
    return snapshot


def run_command(folder: str, engine: str) -> Samples:
    """`netverdict connectivity` over a folder of YAML, with its whole list in a file."""
    # As an installed package is, whether or not this machine lets Python keep what it compiles.
    compileall.compile_dir(Path(service.__file__).parent, quiet=1)
    command = [sys.executable, "-m", "service.cli", "connectivity", folder]
    with tempfile.TemporaryFile() as output:
        start = perf_counter()
        subprocess.run(
            [*command, "--engine", engine, "--format", "ndjson"],
            stdout=output,
            stderr=subprocess.DEVNULL,
            check=True,
        )
        end = perf_counter()
        output.seek(0)
        return {"whole": [end - start], "lines": [float(sum(1 for _ in output))]}


def list_files(folder: str, engine: str) -> Samples:
    """The same in this process: reading, solving, and writing every line."""
    profile = resolve_profile(engine)
    with open(os.devnull, "w", encoding="utf-8") as output:
        start = perf_counter()
        with collection_paused():
            upload = read_files([folder])
            snapshot, _ = build_snapshot(upload.inventory, upload.policies)
            read = perf_counter()
            solved = solved_map(snapshot, profile)
            solved.whole()
            writer = LineWriter()
            for line in solved.listing(MapFilter()).lines():
                output.writelines(text + "\n" for text in writer.write(line))
        end = perf_counter()
    return {"whole": [end - start], "solving": [end - read]}
