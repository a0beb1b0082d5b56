"""The rows of evaluations of one flow, added without HTTP: what is left for requests to reach.

`python -m benchmarks.recording DATABASE SECONDS THREADS` adds them as often as it can, like the
newest verdict in the database, and prints how many it added.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable

from sqlalchemy import select

from benchmarks.lab import ROOT
from service.identifiers import new_id
from service.storage import evaluations
from service.storage.database import Database
from service.storage.evaluations import NewEvaluation
from service.storage.tables import EvaluationRow, VerdictRow

PROCESSES = 2


def rows_alone(database: str, seconds: float, threads: int) -> float:
    """Evaluations a second that as many processes as there are workers record by themselves."""
    command = [sys.executable, "-m", "benchmarks.recording", database, str(seconds), str(threads)]
    running = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for _ in range(PROCESSES)
    ]
    added = 0
    for each in running:
        printed, _ = each.communicate(timeout=seconds * 10 + 60)
        if each.returncode:
            raise RuntimeError("nothing was recorded")
        added += int(printed)
    return added / seconds


def main() -> int:
    url, seconds, threads = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
    database = Database(url, pool_size=threads)
    record = _recorder(database)
    record()
    counts = [0] * threads
    end = time.monotonic() + seconds

    def add(place: int) -> None:
        while time.monotonic() < end:
            record()
            counts[place] += 1

    adding = [threading.Thread(target=add, args=(each,)) for each in range(threads)]
    for each in adding:
        each.start()
    for each in adding:
        each.join()
    database.close()
    print(sum(counts))
    return 0


def _recorder(database: Database) -> Callable[[], None]:
    with database.read() as session:
        newest = select(VerdictRow).order_by(VerdictRow.sequence.desc()).limit(1)
        verdict = session.scalars(newest).one()
        row = session.get_one(EvaluationRow, verdict.evaluation_sequence)
        names = ("flow_key", "source", "destination", "protocol", "port", "decision", "body")
        columns = {name: getattr(verdict, name) for name in names}
        like = NewEvaluation(*(getattr(row, name) for name in NewEvaluation._fields))

    def record() -> None:
        evaluations.record(database, like._replace(id=new_id()), [columns])

    return record


if __name__ == "__main__":
    sys.exit(main())
