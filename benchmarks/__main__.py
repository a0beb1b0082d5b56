"""The benchmarks: `python -m benchmarks`, or `make bench`.

Every measurement runs in a process of its own, one after the other. Writes results.json and
results.md beside this file after each piece of work; with `--only`, what was measured on the same
machine before stays. `--readme` measures nothing: it puts the table of results.json into the
README.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.lab import Lab
from benchmarks.readme import put_into_readme
from benchmarks.report import Row, described, load, machine, table
from benchmarks.results import Results
from benchmarks.works import WORKS


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", action="append", choices=WORKS, help="may be given repeatedly")
    parser.add_argument("--runs", type=int, default=5, help="of each measurement (5)")
    parser.add_argument("--quick", action="store_true", help="one run, small: does it work?")
    parser.add_argument("--readme", action="store_true", help="write the README's table")
    arguments = parser.parse_args()
    here = Path(__file__).resolve().parent
    if arguments.readme:
        put_into_readme(here / "results.json", here.parent / "README.md")
        return 0
    if arguments.runs < 1:
        parser.error("--runs must be at least 1")
    found = machine()
    print(f"{described(found)}, load {load()} before", flush=True)
    start = time.monotonic()
    rows: list[Row] = []
    results = Results(here, found, tuple(WORKS), keep=bool(arguments.only))
    with tempfile.TemporaryDirectory(prefix="netverdict-bench-") as folder:
        runs = 1 if arguments.quick else arguments.runs
        lab = Lab(Path(folder), runs, arguments.quick, _tell)
        for name, work in WORKS.items():
            if arguments.only and name not in arguments.only:
                continue
            load_before = load()
            measured = work(lab)
            rows.extend(measured)
            _tell("")
            print(f"\n{table(measured)}", flush=True)
            # What is measured once and small only shows that it works.
            if not arguments.quick:
                results.add(name, measured, runs=runs, load_before=load_before)
    missed = [row for row in rows if row.met is False]
    where = "nothing is kept" if arguments.quick else "results.json and .md are in benchmarks/"
    print(
        f"\n{sum(row.met is True for row in rows)} goals met, {len(missed)} missed,"
        f" {time.monotonic() - start:.0f} s; {where}"
    )
    return 0


def _tell(text: str) -> None:
    """What is going on, in one line that is written over."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
