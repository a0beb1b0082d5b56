"""The table of what was measured: for a terminal, as JSON, and as Markdown for the README."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

COLUMNS = ("work", "what", "median", "spread", "peak MiB", "beside", "ratio", "goal", "met")


@dataclass(frozen=True, slots=True)
class Row:
    """One measured figure; `beside` is a bound or a peer of the same run."""

    work: str
    what: str
    samples: tuple[float, ...]
    unit: str = "s"
    peak: float | None = None
    beside: str = ""
    bound: float | None = None
    ratio: float | None = None
    goal: str = ""
    met: bool | None = None

    @property
    def figure(self) -> float:
        """The median of the samples."""
        return median(self.samples)

    def cells(self) -> tuple[str, ...]:
        """The row as texts, in the order of the columns."""
        low, high = min(self.samples), max(self.samples)
        beside = self.beside
        if self.bound is not None:
            beside += f" {shown(self.bound, self.unit)}"
        return (
            self.work,
            self.what,
            shown(self.figure, self.unit),
            f"{shown(low, self.unit)} to {shown(high, self.unit)}" if low != high else "",
            "" if self.peak is None else f"{self.peak:.0f}",
            beside,
            "" if self.ratio is None else f"{self.ratio:.2f}",
            self.goal,
            {True: "yes", False: "no", None: ""}[self.met],
        )


def shown(value: float, unit: str) -> str:
    """A figure with its unit, in milliseconds where seconds would be small."""
    if unit == "s" and value < 0.1:
        return f"{value * 1000:.2f} ms" if value < 0.01 else f"{value * 1000:.1f} ms"
    if unit in {"s", "times"}:
        return f"{value:.2f} {unit}"
    return f"{value:,.0f} {unit}"


def percentile(samples: Sequence[float], percent: int) -> float:
    """The value that so many percent of some samples do not exceed."""
    return quantiles(samples, n=100, method="inclusive")[percent - 1]


Machine = dict[str, str | int | float]


def machine() -> Machine:
    """What the figures were measured on."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(pages / 2**30, 1),
        "processor": _processor(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def load() -> float:
    """How many processes wanted to run in the last minute."""
    return round(os.getloadavg()[0], 2)


def described(found: Machine) -> str:
    """The machine in a line."""
    return (
        f"{found['cores']} cores ({found['processor']}), {found['memory_gib']} GiB, "
        f"{found['system']}, Python {found['python']}"
    )


def table(rows: Sequence[Row]) -> str:
    """The rows in aligned columns."""
    texts = [COLUMNS, *(row.cells() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in texts
    )


def markdown(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    lines = [COLUMNS, tuple("---" for _ in COLUMNS), *(row.cells() for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())
