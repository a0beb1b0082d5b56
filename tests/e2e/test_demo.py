"""`make demo` tells its story to the end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_every_answer_is_as_the_story_says() -> None:
    told = subprocess.run(
        [sys.executable, "examples/run_demo.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert told.returncode == 0, told.stdout[-2000:] + told.stderr[-2000:]
    assert "Every answer was as the story says." in told.stdout
