"""Measurements of the kernel, from a snapshot on."""

from __future__ import annotations

import gc
import itertools
import random
from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from time import perf_counter

from benchmarks.reading_tasks import Samples, snapshot_of
from service.analysis.compare import compare as compare_maps
from service.analysis.evaluate import Evaluator
from service.analysis.incremental import solve_afresh, solve_again
from service.analysis.joint import Solved
from service.analysis.solve import space_of
from service.engines.registry import compile_pipeline, resolve_profile
from service.model.flow import AddressEnd, Flow, PodEnd, SourceEnd
from service.model.inventory import Inventory, Pod
from service.model.network_policy import NetworkPolicy
from service.model.snapshot import PolicySet, Snapshot
from service.usecases.difference_queries import ComparedMaps
from service.usecases.map_solving import collection_paused, solved_map, solved_pair

SEED = 7


def solve_growing(path: str, engine: str) -> Samples:
    """A snapshot to its map."""
    snapshot = snapshot_of(Path(path).read_bytes())
    profile = resolve_profile(engine)
    start = perf_counter()
    solved_map(snapshot, profile).whole()
    return {"solving": [perf_counter() - start]}


def evaluate_flows(path: str, engine: str, count: str) -> Samples:
    """Different flows one by one, with evidence, by an evaluator that is ready."""
    snapshot = snapshot_of(Path(path).read_bytes())
    evaluator = Evaluator(compile_pipeline(snapshot, resolve_profile(engine)), snapshot.inventory)
    flows = random_flows(snapshot.inventory.pods, int(count) + 50)
    for flow in flows[:50]:
        evaluator.evaluate(flow)
    found: list[float] = []
    for flow in flows[50:]:
        start = perf_counter()
        evaluator.evaluate(flow)
        found.append(perf_counter() - start)
    return {"verdict": found}


def random_flows(pods: Sequence[Pod], number: int) -> list[Flow]:
    """Flows between pods, and to and from addresses outside."""
    rng = random.Random(SEED)
    ports = (53, 80, 443, 5432, 8080, 8443, 9090, 15012)
    return [
        Flow(_end(rng, pods, index % 5 == 0), _end(rng, pods, index % 5 == 1), "TCP", port)
        for index, port in enumerate(rng.choices(ports, k=number))
    ]


def _end(rng: random.Random, pods: Sequence[Pod], outside: bool) -> SourceEnd:
    if outside:
        return AddressEnd(f"172.{rng.randrange(16, 32)}.{rng.randrange(256)}.{rng.randrange(256)}")
    pod = rng.choice(pods)
    return PodEnd(pod.namespace, pod.name)


def change_policies(path: str, engine: str, count: str) -> Samples:
    """One policy changed, taken away or added, each time from the same solved map."""
    snapshot = snapshot_of(Path(path).read_bytes())
    profile = resolve_profile(engine)
    pipeline = compile_pipeline(snapshot, profile)
    with collection_paused():
        known = solve_afresh(pipeline, space_of(pipeline))
    gc.collect()
    rng = random.Random(SEED)
    again: list[float] = []
    anew: list[float] = []
    for number in range(int(count)):
        changed = replace(snapshot, policy_set=PolicySet(_changed(rng, snapshot, number)))
        with collection_paused():
            start = perf_counter()
            after = compile_pipeline(changed, profile)
            found = solve_again(known, after)
            if found is None:
                solve_afresh(after, space_of(after))
            end = perf_counter()
        (anew if found is None else again).append(end - start)
    return {"all": again + anew, "again": again, "anew": anew}


def _changed(rng: random.Random, snapshot: Snapshot, number: int) -> tuple[NetworkPolicy, ...]:
    policies = [each for each in snapshot.policy_set.policies if isinstance(each, NetworkPolicy)]
    index = rng.randrange(len(policies))
    other = rng.choice(policies)
    match number % 3:
        case 0:
            policies[index] = replace(
                policies[index],
                ingress=other.ingress,
                egress=other.egress,
                policy_types=other.policy_types,
            )
        case 1:
            del policies[index]
        case _:
            ref = replace(policies[index].ref, name=f"added-{number}")
            policies.append(replace(other, ref=ref))
    return tuple(policies)


def change_pods(path: str, engine: str, count: str) -> Samples:
    """A pod comes back under another name, on another node and so with another address."""
    snapshot = snapshot_of(Path(path).read_bytes())
    profile = resolve_profile(engine)
    known = solved_map(snapshot, profile)
    known.whole()
    gc.collect()
    rng = random.Random(SEED)
    again: list[float] = []
    anew: list[float] = []
    for number in range(int(count)):
        changed = replace(snapshot, inventory=_restarted(rng, snapshot.inventory, number))
        start = perf_counter()
        found = solved_map(changed, profile, known)
        is_again = found.solution is not None
        found.whole()
        (again if is_again else anew).append(perf_counter() - start)
    return {"all": again + anew, "again": again, "anew": anew}


def _restarted(rng: random.Random, inventory: Inventory, number: int) -> Inventory:
    pods = [each for each in inventory.pods if not each.host_network and each.addresses]
    gone, neighbour = rng.sample(pods, 2)
    taken = {address for pod in pods for address in pod.addresses}
    near = ip_address(neighbour.addresses[0])
    free = next(str(near + step) for step in itertools.count(1) if str(near + step) not in taken)
    come = replace(gone, name=f"{gone.name}-{number}", node=neighbour.node, addresses=(free,))
    changed = [come if each is gone else each for each in inventory.pods]
    return replace(inventory, pods=tuple(sorted(changed, key=lambda e: (e.namespace, e.name))))


def compare(path: str, before: str, after: str) -> Samples:
    """Both compiled, both solved, compared; and the same with the pairs counted."""
    snapshot = snapshot_of(Path(path).read_bytes())
    profiles = resolve_profile(before), resolve_profile(after)
    with collection_paused():
        start = perf_counter()
        first, second = solved_pair((snapshot, profiles[0]), (snapshot, profiles[1]))
        compare_maps(Solved(first.whole(), first.seating), Solved(second.whole(), second.seating))
        compared = perf_counter()
        found = ComparedMaps(first, second)
        ready = perf_counter()
        summary = found.summary()
        counted = perf_counter()
    pairs = sum(value for value in summary.values() if isinstance(value, int))
    whole = compared - start
    return {"compare": [whole], "summary": [whole + counted - ready], "pairs": [float(pairs)]}
