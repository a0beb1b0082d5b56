"""Real manifests: every set has a whole map under every engine, and it can be read and compared."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.analysis.compare import compare
from service.analysis.grouping import expand, grouped
from service.analysis.joint import Solved
from service.analysis.listing import Listing
from service.analysis.solve import solve, space_of
from service.analysis.summary import summarize
from service.analysis.units import seat_units
from service.engines.registry import compile_pipeline, engine_names
from service.manifests.faults import UnsupportedContent, UploadRefused
from service.manifests.reader import UploadPart, read_upload
from service.manifests.snapshot import build_snapshot
from service.model.snapshot import Snapshot
from tests.builders import profile
from tests.corpus.mending import mended
from tests.shared_corpus import CORPUS, requires_corpus

pytestmark = requires_corpus

REAL = CORPUS / "real"
#: Not manifests: licences, and descriptions of AKS clusters.
_OTHER = {"LICENSES", "aks-show"}
SUFFIXES = {".yaml", ".yml", ".json"}
SETS = sorted(
    path.name for path in (REAL.iterdir() if REAL.is_dir() else ()) if path.name not in _OTHER
)


def cluster_of(folder: Path) -> Snapshot:
    """What the files of a set hold together, each object once, but for files that are refused."""
    found = [path for path in sorted(folder.rglob("*")) if path.suffix in SUFFIXES]
    part = mended(path for path in found if is_taken(path))
    upload = read_upload([part])
    return build_snapshot(upload.inventory, upload.policies)[0]


def is_taken(path: Path) -> bool:
    """Some files are templates, prose or objects that the API server would refuse."""
    try:
        read_upload([UploadPart(path.read_bytes(), name=str(path))])
    except (UploadRefused, UnsupportedContent):
        return False
    return True


@pytest.mark.parametrize("name", SETS)
def test_every_engine_has_a_map(name: str) -> None:
    cluster = cluster_of(REAL / name)
    pipelines = [compile_pipeline(cluster, profile(engine)) for engine in engine_names()]
    space = space_of(*pipelines)
    seating = seat_units(space, cluster.inventory)
    maps = []
    for view, pipeline in enumerate(pipelines):
        solved = solve(pipeline, space, view)
        maps.append(Solved(solved, seating))
        summary = summarize(solved, seating)
        lines = list(Listing(solved, seating).lines())
        between = [
            each for each in lines if each.source.is_workload and each.destination.is_workload
        ]
        assert summary.workloads == len(
            {seat.unit for seat in seating.seats if seat.unit.is_workload}
        )
        assert summary.allowed_pairs == sum(1 for each in between if each.certain)
        assert summary.unknown_pairs == sum(1 for each in between if not each.certain)
        pairs = sum(1 for group in grouped(Listing(solved, seating)) for _ in expand(group))
        assert pairs == len(lines)
    # Whatever the sets hold, a map never differs from itself, and pairs are counted right.
    for each in maps:
        found = compare(maps[0], each)
        assert (each is maps[0]) <= (not found.blocks)
        for block in found.blocks:
            assert found.pairs(block) == sum(1 for _ in found.differences(block))
