"""A cluster with the published statistics of a real one."""

from __future__ import annotations

import random
from collections.abc import Mapping
from itertools import count

from benchmarks import published
from benchmarks.objects import Manifest, namespace, network_policy, node, pod, pod_address, selector
from benchmarks.observed_homes import INGRESS_GROUP, MESH, Homes, Selection

SEED = 20261122
NODES = 120
#: Not published: how many rules a policy has, and how many different blocks there are in all.
RULES_EACH = {1: 5_325, 2: 2_799, 3: 1_500}
DISTINCT_CIDRS = 700
#: Not published: why the empty policies are empty.
SELECT_NOTHING, PEERS_NOTHING = 2_400, 800

_PORTS = (53, 80, 443, 3306, 5432, 6379, 8080, 8443, 9090, 9092, 15012, 15021, 27017)


def observed(seed: int = SEED) -> list[Manifest]:
    """5,413 pods, 604 namespaces, 13,678 policies with 15,423 rules that name a peer.

    How many pods each policy and each peer selects, how many address blocks and ports a rule has
    and how many policies are empty or only deny are as `published` says, exactly. Made up, for
    nothing is published about it: 120 nodes; workloads of one to four pods; two policies of
    three for ingress and one of ten for both; one to three rules a policy; half of the peers of
    two pods being one shared ingress controller; ports. Address blocks are drawn from 700
    distinct ones, because real clusters share them between policies: single addresses and ranges
    outside, some of the pods' own ranges, and everything.
    """
    rng = random.Random(seed)
    homes = Homes(rng)
    objects = [namespace(home.name, home.labels) for home in homes.all]
    serial = count()
    for home in homes.all:
        for name, size in home.workloads:
            for number in range(size):
                index = next(serial)
                objects.append(
                    pod(
                        home.name,
                        f"{name}-7c9d-{number:05d}",
                        {"app": name, "release": f"r{index % 7}", "pod-template-hash": "7c9d"},
                        ("ReplicaSet", f"{name}-7c9d"),
                        rng.randrange(NODES),
                        pod_address(index),
                        8080,
                    )
                )
    objects.extend(map(node, range(NODES)))
    specs = _Policies(rng, homes).specs()
    for number, (home_name, spec) in enumerate(specs):
        objects.append(network_policy(home_name, f"policy-{number}", spec))
    return objects


class _Policies:
    """Draws policies whose numbers add up to the published ones."""

    def __init__(self, rng: random.Random, homes: Homes) -> None:
        self._rng = rng
        self._homes = homes
        self._cidrs = distinct_cidrs(rng)

    def specs(self) -> list[tuple[str, Manifest]]:
        """The namespace and the spec of each policy."""
        rng, homes = self._rng, self._homes
        subjects = [homes.selection(size) for size in self._shuffled(published.LOCAL_PODS)]
        rules = iter(self._rules(subjects))
        found: list[tuple[str, Manifest]] = []
        for subject, number in zip(subjects, self._shuffled(RULES_EACH), strict=True):
            given = [self._rule(next(rules), subject) for _ in range(number)]
            found.append((subject.home, self._spec(subject.pods, given)))
        for _ in range(published.DENY_ONLY):
            subject = rng.choice(subjects)
            kinds = rng.choice((["Ingress"], ["Egress"], ["Ingress", "Egress"]))
            found.append((subject.home, {"podSelector": subject.pods, "policyTypes": kinds}))
        for number in range(published.EMPTY):
            subject = rng.choice(subjects)
            if number < SELECT_NOTHING:
                rule = self._rule(rng.choice((_Cidrs(1, 1), _Pods(5, 1, 1))), subject)
                found.append((subject.home, self._spec(selector(app="retired"), [rule])))
            elif number < SELECT_NOTHING + PEERS_NOTHING:
                nobody = {"peers": [{"podSelector": selector(app="retired")}], "ports": []}
                found.append((subject.home, self._spec(subject.pods, [nobody])))
            else:
                anybody = {"peers": [], "ports": self._single_ports(number % 2)}
                found.append((subject.home, self._spec(subject.pods, [anybody])))
        rng.shuffle(found)
        return found

    def _rules(self, subjects: list[Selection]) -> list[_Cidrs | _Pods]:
        blocks = zip(
            self._shuffled(published.CIDRS), self._shuffled(published.CIDR_PORTS), strict=True
        )
        found: list[_Cidrs | _Pods] = [
            _Cidrs(size, ports, int(number < published.CIDR_PORT_RANGES))
            for number, (size, ports) in enumerate(blocks)
        ]
        sizes = self._shuffled(published.PEER_PODS)
        # The widest selections have two selectors each.
        sizes.sort(key=lambda size: size != published.WIDE)
        pods = zip(sizes, self._shuffled(published.SELECTOR_PORTS), strict=True)
        found.extend(
            _Pods(
                size,
                ports,
                2 if number < published.POD_SELECTORS[2] else 1,
                int(number >= len(sizes) - published.SELECTOR_PORT_RANGES),
            )
            for number, (size, ports) in enumerate(pods)
        )
        self._rng.shuffle(found)
        return found

    def _rule(self, drawn: _Cidrs | _Pods, subject: Selection) -> Manifest:
        ports = self._single_ports(drawn.ports)
        if drawn.ranges:
            ports.append({"protocol": "TCP", "port": 30_000, "endPort": 32_767})
        if isinstance(drawn, _Cidrs):
            blocks = self._rng.sample(self._cidrs, drawn.cidrs)
            return {"peers": [{"ipBlock": {"cidr": each}} for each in blocks], "ports": ports}
        if drawn.pods == published.WIDE:
            return {"peers": [{"namespaceSelector": MESH}, {"podSelector": {}}], "ports": ports}
        peers = [self._peer(drawn.pods, subject)]
        if drawn.selectors == 2:
            # What counts is the larger of the two.
            second = self._rng.randint(1, min(drawn.pods, 26))
            peers.append(self._peer(second, subject))
        return {"peers": peers, "ports": ports}

    def _peer(self, size: int, subject: Selection) -> Manifest:
        rng = self._rng
        if size == 2 and rng.random() < 0.5:
            return {"namespaceSelector": INGRESS_GROUP}
        if self._homes.named[subject.home].size == size and rng.random() < 0.7:
            return {"podSelector": {}}
        own = self._homes.selection_in(subject.home, size)
        if own is not None and rng.random() < 0.5:
            return {"podSelector": own.pods}
        other = self._homes.selection(size)
        peer = {"namespaceSelector": selector(**{"kubernetes.io/metadata.name": other.home})}
        return peer if not other.pods else {**peer, "podSelector": other.pods}

    def _single_ports(self, number: int) -> list[Manifest]:
        rng = self._rng
        return [
            {"protocol": rng.choice(("TCP", "TCP", "TCP", "UDP")), "port": port}
            for port in rng.sample(_PORTS, number)
        ]

    def _spec(self, subject: Manifest, rules: list[Manifest]) -> Manifest:
        draw = self._rng.random()
        both = draw < 0.1 and len(rules) > 1
        first = "Ingress" if draw < 2 / 3 else "Egress"
        spec: Manifest = {"podSelector": subject, "policyTypes": [first]}
        if both:
            spec["policyTypes"] = ["Ingress", "Egress"]
            spec["ingress"] = [_written(rules[0], "from")]
            spec["egress"] = [_written(each, "to") for each in rules[1:]]
        elif first == "Ingress":
            spec["ingress"] = [_written(each, "from") for each in rules]
        else:
            spec["egress"] = [_written(each, "to") for each in rules]
        return spec

    def _shuffled(self, histogram: Mapping[int, int]) -> list[int]:
        values = [value for value, number in histogram.items() for _ in range(number)]
        self._rng.shuffle(values)
        return values


class _Cidrs:
    def __init__(self, cidrs: int, ports: int, ranges: int = 0) -> None:
        self.cidrs, self.ports, self.ranges = cidrs, ports, ranges


class _Pods:
    def __init__(self, pods: int, ports: int, selectors: int, ranges: int = 0) -> None:
        self.pods, self.ports, self.selectors, self.ranges = pods, ports, selectors, ranges


def _written(rule: Manifest, side: str) -> Manifest:
    written: Manifest = {}
    if rule["peers"]:
        written[side] = rule["peers"]
    if rule["ports"]:
        written["ports"] = rule["ports"]
    return written


def distinct_cidrs(rng: random.Random) -> list[str]:
    """The blocks that policies draw from."""
    found = dict.fromkeys(("0.0.0.0/0", "10.0.0.0/8", "10.240.0.0/16"))
    found.update(dict.fromkeys(f"10.244.{third}.0/24" for third in rng.sample(range(22), 12)))
    lengths = (32, 32, 32, 32, 24, 24, 20, 16)
    while len(found) < DISTINCT_CIDRS:
        length = rng.choice(lengths)
        high = rng.choice((100, 172, 192, 198)) << 24 | rng.randrange(16, 32) << 16
        number = (high | rng.randrange(1 << 16)) >> (32 - length) << (32 - length)
        octets = ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))
        found[f"{octets}/{length}"] = None
    return list(found)
