"""What is measured, beside what, and what the goal is: a function for each piece of work."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median

from benchmarks.lab import Lab, Measured
from benchmarks.report import Row, percentile
from benchmarks.report_works import reports

ENGINES = ("cilium", "npm")
CHANGES = 30
FLOWS = 2_000
SIZES = (100, 400, 1_000, 1_250, 2_500, 5_000)
DOUBLINGS = ((1_250, 2_500), (2_500, 5_000))
#: Measured once on a machine of this kind: the fastest public analyzer on these 400 workloads.
PEER_SECONDS = 140


def dump(lab: Lab) -> list[Row]:
    """A dump of 20,000 pods to the map, beside decoding it as JSON."""
    path = lab.input("large.json")
    work = "20,000 pods, 250 nodes, 2,000 policies"
    *solved, decoded = lab.alternately(
        *(("solve_dump", path, engine) for engine in ENGINES), ("decode_json", path)
    )
    plain, paused = median(decoded.of("plain")), median(decoded.of("paused"))
    size = f"{decoded.of('megabytes')[0]:.0f} MB of kubectl get -o json"
    rows = [
        _at_most(
            Row(work, f"{size} to the map, {engine}", each.of("whole"), peak=each.peak),
            "json.loads",
            plain,
            1,
        )
        for engine, each in zip(ENGINES, solved, strict=True)
    ]
    return [
        *rows,
        Row(work, "json.loads of it", decoded.of("plain"), peak=decoded.peak),
        Row(
            work,
            "json.loads of it, garbage collection paused",
            decoded.of("paused"),
            beside="the map, cilium",
            bound=rows[0].figure,
            ratio=paused / rows[0].figure,
        ),
    ]


def observed(lab: Lab) -> list[Row]:
    """The observed cluster's map, from the snapshot and from bytes."""
    path = lab.input("observed.json")
    work = "5,413 pods, 604 namespaces, 13,678 policies"
    rows: list[Row] = []
    found = lab.alternately(*(("solve_dump", path, engine) for engine in ENGINES))
    for engine, each in zip(ENGINES, found, strict=True):
        solving, whole = each.of("solving"), each.of("whole")
        rows.append(
            Row(
                work,
                f"snapshot to the map, {engine}",
                solving,
                peak=each.peak,
                goal="< 2 s, < 1 GiB",
                met=median(solving) < 2 and each.peak < 1024,
            )
        )
        rows.append(Row(work, f"bytes to the map, {engine}", whole, peak=each.peak))
    return rows


def files(lab: Lab) -> list[Row]:
    """400 workloads from YAML files to every line."""
    folder = lab.input("folder-400")
    work = "400 workloads, 1,720 policies, YAML files to every line"
    command, inside = lab.alternately(
        ("run_command", folder, "kubernetes"), ("list_files", folder, "kubernetes")
    )
    lines = f"{command.of('lines')[0]:,.0f} lines"
    return [
        _within(
            Row(work, f"netverdict connectivity, {lines}", command.of("whole"), peak=command.peak),
            1,
            "public analyzer, earlier",
            PEER_SECONDS,
        ),
        Row(work, "in process", inside.of("whole"), peak=inside.peak),
        Row(work, "in process, without reading", inside.of("solving"), peak=inside.peak),
    ]


def growth(lab: Lab) -> list[Row]:
    """Time and memory by size."""
    sizes = (100, 200, 400) if lab.quick else SIZES
    doublings = ((100, 200), (200, 400)) if lab.quick else DOUBLINGS
    paths = [lab.input(f"services-{size}") for size in sizes]
    found = dict(
        zip(
            sizes,
            lab.alternately(*(("solve_growing", path, "cilium") for path in paths)),
            strict=True,
        )
    )
    rows = [
        Row("growth", f"{size:,} workloads to the map", each.of("solving"), peak=each.peak)
        for size, each in found.items()
    ]
    for small, big in doublings:
        before, after = found[small], found[big]
        for what, ratio in (
            ("time", median(after.of("solving")) / median(before.of("solving"))),
            ("memory", after.peak / before.peak),
        ):
            rows.append(
                Row(
                    "growth",
                    f"{what}, {small:,} to {big:,} workloads",
                    (ratio,),
                    "times",
                    ratio=ratio,
                    goal="at most 2.5 times",
                    met=ratio <= 2.5,
                )
            )
    return rows


def verdict(lab: Lab) -> list[Row]:
    """One verdict with its evidence in the observed cluster."""
    measured = lab.once("evaluate_flows", lab.input("observed.json"), "cilium", str(FLOWS))
    samples = measured.of("verdict")
    high = (percentile(samples, 99),)
    work = "one verdict with evidence, observed cluster"
    return [
        _within(Row(work, f"median of {FLOWS:,} flows", samples, peak=measured.peak), 0.005),
        _within(Row(work, "99th percentile", high, peak=measured.peak), 0.005),
    ]


def change(lab: Lab) -> list[Row]:
    """One policy of the observed cluster changed, or one pod."""
    path = lab.input("observed.json")
    rows: list[Row] = []
    for engine in ENGINES:
        measured = lab.once("change_policies", path, engine, str(CHANGES))
        anew = measured.of("anew")
        work = f"one of 13,678 policies changed, {engine}"
        fallen = f"{len(anew)} of {CHANGES} solved anew"
        if anew:
            fallen += f" ({median(anew):.2f} s)"
        samples = measured.of("all")
        high = (percentile(samples, 90),)
        rows.append(_within(Row(work, f"median; {fallen}", samples, peak=measured.peak), 0.1))
        rows.append(_within(Row(work, "90th percentile", high, peak=measured.peak), 0.1))
    for engine in ENGINES:
        measured = lab.once("change_pods", path, engine, str(CHANGES))
        anew = measured.of("anew")
        work = f"one of 5,413 pods restarted on another node, {engine}"
        fallen = f"median; {len(anew)} of {CHANGES} solved anew"
        rows.append(Row(work, fallen, measured.of("all"), peak=measured.peak))
    return rows


def comparison(lab: Lab) -> list[Row]:
    """Two engines on the observed cluster."""
    measured = lab.repeatedly("compare", lab.input("observed.json"), "npm", "cilium")
    work = "npm and cilium compared, observed cluster"
    pairs = f"with {measured.of('pairs')[0]:,.0f} pairs counted"
    return [
        _within(Row(work, "two solved, compared", measured.of("compare"), peak=measured.peak), 5),
        _within(Row(work, pairs, measured.of("summary"), peak=measured.peak), 5),
    ]


def throughput(lab: Lab) -> list[Row]:
    """Requests a second beside a trivial route: a Flask application of its own that has only it."""
    seconds = "0.5" if lab.quick else "1.5"
    measured = lab.once("throughput", lab.input("services-400"), str(lab.runs), seconds)
    rows: list[Row] = []
    for prefix, database in (("", "SQLite"), ("pg ", "PostgreSQL")):
        trivial = measured.of(f"{prefix}trivial")
        work = f"requests a second, 8 connections, {database}"
        rows.append(Row(work, "trivial Flask route", trivial, "/s", peak=measured.peak))
        for name, what, goal in (
            ("dry run", "evaluation of 1 flow, dry run", 0.5),
            ("recorded", "evaluation of 1 flow, recorded", 0.5),
            ("livez", "/livez", None),
        ):
            samples = measured.of(prefix + name)
            ratio = median(samples) / median(trivial)
            rows.append(
                Row(
                    work,
                    what,
                    samples,
                    "/s",
                    peak=measured.peak,
                    beside="trivial Flask route",
                    bound=median(trivial),
                    ratio=ratio,
                    goal=f"at least {goal}" if goal else "",
                    met=ratio >= goal if goal else None,
                )
            )
            rows.append(_cost(measured, prefix, name, what))
        alone = measured.of(f"{prefix}rows alone")
        rows.append(
            Row(
                work,
                "the rows of such evaluations added without HTTP, 2 processes of 4 threads",
                alone,
                "/s",
                beside="trivial Flask route",
                bound=median(trivial),
                ratio=median(alone) / median(trivial),
            )
        )
    return rows


def _cost(measured: Measured, prefix: str, name: str, what: str) -> Row:
    """Processor time of the service alone: what else the machine does matters less to it."""
    samples = measured.of(f"{prefix}{name} cpu")
    bound = median(measured.of(f"{prefix}trivial cpu"))
    work = f"processor time of a request, {'PostgreSQL' if prefix else 'SQLite'}"
    return Row(
        work,
        what,
        samples,
        peak=measured.peak,
        beside="trivial Flask route",
        bound=bound,
        ratio=bound / median(samples),
    )


def responsiveness(lab: Lab) -> list[Row]:
    """Answers while maps of 20,000 pods are solved."""
    measured = lab.once(
        "responsiveness",
        lab.input("large.json.gz"),
        lab.input("policies.yaml"),
        str(lab.runs),
        "1" if lab.quick else "3",
    )
    work = "answers while maps of 20,000 pods are solved"
    rows = [
        _beside_idle(measured, work, name, percent, goal)
        for name, percent, goal in (
            ("livez", 50, None),
            ("livez", 99, 5),
            ("evaluation", 50, None),
            ("evaluation", 99, None),
        )
    ]
    solved = measured.of("solved")
    return [*rows, Row(work, f"GET summary, {len(solved)} maps", solved, peak=measured.peak)]


def _beside_idle(measured: Measured, work: str, name: str, percent: int, goal: int | None) -> Row:
    busy, idle = (measured.of(f"{name} {percent} {state}") for state in ("busy", "idle"))
    called = "/livez" if name == "livez" else "evaluation of 1 flow, dry run"
    row = Row(work, f"{called}, p{percent}", busy, peak=measured.peak)
    if goal:
        return _at_most(row, "idle", median(idle), goal)
    ratio = row.figure / median(idle)
    return Row(work, row.what, busy, peak=row.peak, beside="idle", bound=median(idle), ratio=ratio)


def _at_most(row: Row, beside: str, bound: float, times: float) -> Row:
    ratio = row.figure / bound
    return Row(
        row.work,
        row.what,
        row.samples,
        row.unit,
        row.peak,
        beside,
        bound,
        ratio,
        f"at most {times:g} times",
        ratio <= times,
    )


def _within(row: Row, seconds: float, beside: str = "", bound: float | None = None) -> Row:
    goal = f"< {seconds * 1000:g} ms" if seconds < 1 else f"< {seconds:g} s"
    return Row(
        row.work,
        row.what,
        row.samples,
        row.unit,
        row.peak,
        beside,
        bound,
        None if bound is None else row.figure / bound,
        goal,
        row.figure < seconds,
    )


WORKS: dict[str, Callable[[Lab], list[Row]]] = {
    each.__name__: each
    for each in (
        dump,
        observed,
        files,
        growth,
        verdict,
        change,
        comparison,
        reports,
        throughput,
        responsiveness,
    )
}
