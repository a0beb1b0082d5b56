"""One measurement in a process of its own: `python -m benchmarks.task NAME ARGUMENT...`.

Prints the samples, and the peak memory of this process or of the largest one that it started.
"""

from __future__ import annotations

import importlib
import json
import resource
import signal
import sys

#: What each module measures; a module is imported only for its own tasks.
MODULES = {
    "benchmarks.reading_tasks": ("decode_json", "solve_dump", "run_command", "list_files"),
    "benchmarks.kernel_tasks": (
        "solve_growing",
        "evaluate_flows",
        "change_policies",
        "change_pods",
        "compare",
    ),
    "benchmarks.report_tasks": ("migration_report", "compatibility_report"),
    "benchmarks.http_tasks": ("throughput", "responsiveness"),
}
#: Here the memory of the started processes counts.
_STARTING = {"run_command", "throughput", "responsiveness"}


def main() -> int:
    # What a measurement started must end with it.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    name, *arguments = sys.argv[1:]
    module = next(each for each, names in MODULES.items() if name in names)
    samples = getattr(importlib.import_module(module), name)(*arguments)
    whose = resource.RUSAGE_CHILDREN if name in _STARTING else resource.RUSAGE_SELF
    # Linux counts in KiB.
    peak = resource.getrusage(whose).ru_maxrss / 1024
    json.dump({"samples": samples, "peak": peak}, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
