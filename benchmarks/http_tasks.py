"""Measurements over HTTP: throughput, and answers while a large map is solved."""

from __future__ import annotations

import itertools
import json
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml

from benchmarks.client import Answer, Connection, paced, prepared, saturate, spread
from benchmarks.recording import rows_alone
from benchmarks.report import percentile
from benchmarks.serving import cpu_seconds, postgresql, serving

Samples = dict[str, list[float]]

CONNECTIONS_EACH = 4
WORKLOADS = 400
FLOWS = 101
"""Different flows that are asked in turn."""
PROBES, QUESTIONS = 200, 100
"""Requests a second to /livez and for an evaluation."""
_PROFILES = (
    *(f"cilium:1.{minor}" for minor in range(14, 20)),
    *(f"calico:3.{minor}" for minor in range(26, 33)),
    *("npm", "kubernetes"),
)
_ANOTHER = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: ns-0, name: another-%d}
spec: {podSelector: {matchLabels: {app: app-%d}}, policyTypes: [Ingress]}
"""
_REVISIONS = 6


def throughput(path: str, windows: str, seconds: str) -> Samples:
    """Answers a second, and processor time of the workers an answer, of each kind in turn.

    A name with `pg` in front was measured on PostgreSQL, beside a trivial route of its own.
    """
    dump = Path(path).read_bytes()
    with tempfile.TemporaryDirectory(prefix="netverdict-bench-") as folder:
        found = _rates(f"sqlite:///{folder}/bench.sqlite3", dump, int(windows), float(seconds))
    with postgresql() as database:
        stored = _rates(database, dump, int(windows), float(seconds))
    return {**found, **{f"pg {name}": values for name, values in stored.items()}}


def _rates(database: str, dump: bytes, windows: int, seconds: float) -> Samples:
    with serving(database) as port:
        found = _requests(port, dump, windows, seconds)
    found["rows alone"] = [rows_alone(database, seconds, CONNECTIONS_EACH) for _ in range(windows)]
    return found


def _requests(port: int, dump: bytes, windows: int, seconds: float) -> Samples:
    _create(Connection(port), "services", dump, "identity")
    connections = spread(port, CONNECTIONS_EACH)
    trivial = prepared("GET", "/trivial")
    workers = {each.ask(trivial).worker for each in connections}
    requests = {
        "trivial": [trivial],
        "livez": [prepared("GET", "/livez")],
        "dry run": [_flow(number, "?dryRun=true") for number in range(FLOWS)],
        "recorded": [_flow(number) for number in range(FLOWS)],
    }
    for each in requests.values():
        saturate(connections, each, 1)
    found: Samples = {}
    for _ in range(windows):
        for name, each in requests.items():
            before = cpu_seconds(workers)
            answers, took = saturate(connections, each, seconds)
            found.setdefault(name, []).append(answers / took)
            spent = (cpu_seconds(workers) - before) / answers
            found.setdefault(f"{name} cpu", []).append(spent)
    return found


def _flow(number: int, query: str = "") -> bytes:
    """An evaluation of one flow of many, so that no answer is the one before."""
    source, destination = (
        {"namespace": f"team-{each // 10}", "workload": f"Deployment/app-{each}"}
        for each in (7 * number % WORKLOADS, (13 * number + 10) % WORKLOADS)
    )
    return _evaluation("services", source, destination, query)


def responsiveness(dump: str, policies: str, windows: str, seconds: str) -> Samples:
    """How long /livez and an evaluation take, idle and while maps of a large cluster are solved."""
    with serving() as port:
        setting = Connection(port)
        _create(setting, "large", Path(dump).read_bytes(), "gzip")
        documents = list(yaml.load_all(Path(policies).read_bytes(), yaml.CSafeLoader))
        for number in range(_REVISIONS - 1):
            added = yaml.safe_load(_ANOTHER % (number, number))
            body = json.dumps(
                {"apiVersion": "v1", "kind": "List", "items": [*documents, added]}
            ).encode()
            path = "/v1/clusters/large/revisions?replace=policies"
            _expect(setting.ask(prepared("POST", path, body)), 201)
        evaluation = _evaluation(
            "large",
            {"namespace": "ns-0", "pod": "app-0-5d4f8c7b9-00000"},
            {"namespace": "ns-1", "pod": "app-1-5d4f8c7b9-00000"},
            "?dryRun=true",
        )
        solving = _Solving(port)
        with solving:
            pass
        found: Samples = {}

        def measure(state: str) -> None:
            # Kept connections are closed after some seconds without a request.
            probes, questions = spread(port, 1), spread(port, 1)
            span = float(seconds)
            with ThreadPoolExecutor(2) as threads:
                live = threads.submit(paced, probes, prepared("GET", "/livez"), PROBES, span)
                asked = threads.submit(paced, questions, evaluation, QUESTIONS, span)
            for name, took in (("livez", live.result()), ("evaluation", asked.result())):
                for percent in (50, 99):
                    key = f"{name} {percent} {state}"
                    found.setdefault(key, []).append(percentile(took, percent))
            for connection in (*probes, *questions):
                connection.close()

        measure("warm-up")
        for _ in range(int(windows)):
            measure("idle")
            with solving:
                measure("busy")
        found["solved"] = solving.took
        return found


class _Solving:
    """Asks for one map after the other while the block lasts; each is solved from the content."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._names = self._all_names()
        self._ended = threading.Event()
        self._threads = ThreadPoolExecutor(1)
        self.took: list[float] = []

    def __enter__(self) -> None:
        self._ended.clear()
        self._running = self._threads.submit(self._run)

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._running.result()

    def _run(self) -> None:
        connection = Connection(self._port)
        while True:
            revision, profile = next(self._names)
            path = f"/v1/clusters/large/revisions/{revision}/connectivity/summary?engine={profile}"
            start = time.perf_counter()
            _expect(connection.ask(prepared("GET", path)), 200)
            self.took.append(time.perf_counter() - start)
            if self._ended.is_set():
                break
        connection.close()

    @staticmethod
    def _all_names() -> Iterator[tuple[int, str]]:
        # More revisions and profiles in turn than a process remembers.
        revisions = itertools.cycle(range(1, _REVISIONS + 1))
        return zip(revisions, itertools.cycle(_PROFILES), strict=False)


def _create(connection: Connection, name: str, dump: bytes, encoding: str) -> None:
    body = json.dumps({"name": name, "engine": {"name": "cilium"}}).encode()
    _expect(connection.ask(prepared("POST", "/v1/clusters", body)), 201)
    path = f"/v1/clusters/{name}/revisions"
    _expect(connection.ask(prepared("POST", path, dump, encoding=encoding)), 201)


def _evaluation(cluster: str, source: object, destination: object, query: str = "") -> bytes:
    flow = {"source": source, "destination": destination, "protocol": "TCP", "port": 8080}
    body = json.dumps({"engine": "cilium", "flows": [flow]}).encode()
    return prepared("POST", f"/v1/clusters/{cluster}/revisions/1/evaluations{query}", body)


def _expect(answer: Answer, status: int) -> None:
    if answer.status != status:
        raise RuntimeError(f"{answer.status} instead of {status}: {answer.body.decode()}")
