"""Manifests and cases of others, read where they are: `../shared/corpus` beside the project.

None of it is part of the project, so tests of it are left out where the folder is missing,
unless NETVERDICT_REQUIRE_ALL=1 says that nothing may be.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"
CORPUS = SHARED / "corpus"

_REQUIRED = os.environ.get("NETVERDICT_REQUIRE_ALL") == "1"

requires_corpus = pytest.mark.skipif(
    not CORPUS.is_dir() and not _REQUIRED,
    reason=f"the shared corpus is not at {CORPUS}; NETVERDICT_REQUIRE_ALL=1 would fail here",
)


def load_cases(suite: str) -> list[dict[str, Any]]:
    """The cases of one file of `corpus/cases`; none where the corpus is missing."""
    path = CORPUS / "cases" / f"{suite}.jsonl"
    if not CORPUS.is_dir() and not _REQUIRED:
        return []
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def case_files(case: dict[str, Any]) -> list[Path]:
    """The files that a case is about."""
    return [CORPUS / "cases" / each for each in case["files"]]
