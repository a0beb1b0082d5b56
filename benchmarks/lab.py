"""Measurements in processes of their own, one after the other.

This process stays small and imports nothing of the service: the peak memory that the system
tells of a child includes what its parent had when it started it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CHILD_SECONDS = 300


@dataclass(slots=True)
class Measured:
    """What some runs of a task gave: samples by name, and the most memory any of them took."""

    samples: dict[str, list[float]] = field(default_factory=dict)
    peak: float = 0

    def of(self, name: str) -> tuple[float, ...]:
        """The samples with a name, none if there are none."""
        return tuple(self.samples.get(name, ()))

    def add(self, samples: dict[str, list[float]], peak: float) -> None:
        """Take in one more run."""
        for name, values in samples.items():
            self.samples.setdefault(name, []).extend(values)
        self.peak = max(self.peak, peak)


Call = tuple[str, ...]


@dataclass(slots=True)
class Lab:
    """Where inputs lie and how often things are measured."""

    folder: Path
    runs: int
    quick: bool
    tell: Callable[[str], None]
    _inputs: set[str] = field(default_factory=set)

    def input(self, name: str) -> str:
        """The path of an input by its name, made once."""
        path = self.folder / name
        if name not in self._inputs:
            self.tell(f"input {name}")
            self._child("benchmarks.inputs", name, str(path))
            self._inputs.add(name)
        return str(path)

    def once(self, *call: str) -> Measured:
        """One run of a task that itself repeats what it measures."""
        return self.alternately(call, times=1)[0]

    def repeatedly(self, *call: str) -> Measured:
        """Runs of a task."""
        return self.alternately(call)[0]

    def alternately(self, *calls: Call, times: int = 0) -> list[Measured]:
        """Runs of some tasks in turn, so that what else the machine does meets them alike."""
        found = [Measured() for _ in calls]
        for _ in range(times or self.runs):
            for call, measured in zip(calls, found, strict=True):
                self.tell(" ".join((call[0], *(Path(each).name for each in call[1:]))))
                answer = json.loads(self._child("benchmarks.task", *call))
                measured.add(answer["samples"], answer["peak"])
        return found

    def _child(self, module: str, *arguments: str) -> str:
        child = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        try:
            output, _ = child.communicate(timeout=CHILD_SECONDS)
        finally:
            # It stops what it started itself, so it is asked and waited for.
            if child.poll() is None:
                child.terminate()
                child.wait()
        if child.returncode:
            sys.exit(f"{module} {' '.join(arguments)} ended with status {child.returncode}")
        return output
