"""The shared vectors: their fixture and their shorthand as Kubernetes objects.

A further kind of object becomes testable with one more function in `MANIFEST_OF`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from service.model.flow import (
    AddressEnd,
    DestinationEnd,
    Flow,
    NodeEnd,
    PodEnd,
    ServiceEnd,
    SourceEnd,
)
from tests.builders import Manifest, namespace, network_policy, node, pod, service
from tests.vectors.calico import CALICO_MANIFEST_OF
from tests.vectors.policy_api import MANIFEST_OF as POLICY_API_MANIFEST_OF

_LOADED: dict[str, Any] = yaml.safe_load(
    Path(__file__).with_name("semantics.yaml").read_text(encoding="utf-8")
)
FIXTURE: dict[str, Any] = _LOADED["fixture"]

#: What the engine keys of a case stand for: an engine and the operating system of all nodes.
ENGINES: Mapping[str, tuple[str, str]] = {
    "spec": ("kubernetes", "linux"),
    "npm_l": ("npm", "linux"),
    "npm_w": ("npm", "windows"),
    "cal": ("calico", "linux"),
    "cil": ("cilium", "linux"),
    "none": ("none", "linux"),
}

_WHEN_DIRECT = re.compile(r"(?P<source>\S+) -> (?P<to>\S+) (?P<protocol>\w+)(?:/(?P<port>\d+))?")
_WHEN_SERVICE = re.compile(
    r"(?P<source>\S+) -> (?:svc|lb):(?P<namespace>\w+)/(?P<name>[\w-]+)(?::(?P<port>\d+))?"
    r"(?: eTP=(?P<policy>\w+))? \[(?:node (?P<node>\w+), )?backend \w+/(?P<backend>\w+)\]"
)


@dataclass(frozen=True)
class Case:
    """One case of the vectors, as it is written."""

    id: str
    given: tuple[Mapping[str, Any], ...]
    when: str
    then: Mapping[str, str]
    why: str = ""
    note: str = ""

    def expected(self, engine: str) -> str | None:
        """What an engine key asserts; None where the case asserts nothing for it."""
        if engine in self.then:
            return str(self.then[engine])
        default = self.then.get("all")
        if engine == "none" and default in {"deny", "unknown"}:
            return "allow"
        return default

    @property
    def is_validation(self) -> bool:
        return self.when == "create"

    @property
    def kinds(self) -> frozenset[str]:
        """The shorthand of each given object's kind."""
        return frozenset(kind_of(each) for each in self.given) - OPTION_OF.keys()

    @property
    def traffic_policy(self) -> str:
        """The externalTrafficPolicy that the case asks for."""
        match = _WHEN_SERVICE.fullmatch(self.when)
        return (match["policy"] or "") if match else ""

    def flow(self) -> Flow:
        return flow_of(self.when)

    @property
    def options(self) -> str:
        """The engine's settings, as they follow a profile's name."""
        chosen = [
            f"{OPTION_OF[kind]}={each[kind]}"
            for each in self.given
            if (kind := kind_of(each)) in OPTION_OF
        ]
        return f"?{'&'.join(chosen)}" if chosen else ""

    def manifests(self) -> list[Manifest]:
        """The given objects that are in force."""
        given = [each for each in self.given if kind_of(each) not in OPTION_OF]
        found = enumerate(each for each in given if "applied_before" not in each)
        return [MANIFEST_OF[kind_of(each)](each, f"policy-{index}") for index, each in found]

    def applied_before(self) -> list[Manifest]:
        """Earlier versions of given objects."""
        earlier = (each["applied_before"] for each in self.given if "applied_before" in each)
        # The earlier version bears the name of the one that replaces it.
        names = [each["name"] for each in self.given if "name" in each]
        return [
            MANIFEST_OF[kind_of(each)](each, name)
            for each, name in zip(earlier, names, strict=True)
        ]


def kind_of(given: Mapping[str, Any]) -> str:
    """The key that tells the kind: `spec` for a NetworkPolicy, else `anp`, `gnp`, `cnp` ..."""
    if "applied_before" in given:
        return kind_of(given["applied_before"])
    return next(key for key in given if key not in {"ns", "name"})


def network_policy_of(given: Mapping[str, Any], name: str) -> Manifest:
    return network_policy(given["spec"], f"{given['ns']}/{given.get('name', name)}")


#: The object that a shorthand stands for, given a name for it, by its kind.
MANIFEST_OF: dict[str, Callable[[Mapping[str, Any], str], Manifest]] = {
    "spec": network_policy_of,
    **CALICO_MANIFEST_OF,
    **POLICY_API_MANIFEST_OF,
}

#: Given things that are no objects but settings of the engine, by the option they stand for.
OPTION_OF = {"mode": "policyEnforcement"}


def fixture_manifests(os: str = "linux", traffic_policy: str = "") -> list[Manifest]:
    """The fixture's cluster; with an externalTrafficPolicy its Services are load balancers."""
    found = [namespace(name, labels) for name, labels in FIXTURE["namespaces"].items()]
    found += [node(name, address, os=os) for name, address in FIXTURE["nodes"].items()]
    for place, given in FIXTURE["pods"].items():
        spec: Manifest = {}
        if "hostNetwork" in given:
            spec["hostNetwork"] = given["hostNetwork"]
        if "sa" in given:
            spec["serviceAccountName"] = given["sa"]
        found.append(
            pod(
                place,
                given["labels"],
                ips=[given[key] for key in ("ip", "ip6") if key in given],
                on=given["node"],
                ports=_ports(given.get("ports", ())),
                sidecar_ports=_ports(given.get("initPorts", ())),
                phase=given.get("phase", "Running"),
                **spec,
            )
        )
    for place, given in FIXTURE["services"].items():
        spec = {"clusterIP": given["clusterIP"]}
        if traffic_policy:
            spec |= {"type": "LoadBalancer", "externalTrafficPolicy": traffic_policy}
        found.append(service(place, given["selector"], given["ports"], **spec))
    return found


def _ports(given: Any) -> str:
    return " ".join(
        f"{each['name']}={each['port']}/{each.get('protocol', 'TCP')}" for each in given
    )


def flow_of(when: str) -> Flow:
    """The question of a case."""
    match = _WHEN_SERVICE.fullmatch(when)
    if match:
        port = int(match["port"] or FIXTURE["services"]["shop/web-svc"]["ports"][0]["port"])
        end = ServiceEnd(match["namespace"], match["name"], match["backend"], match["node"] or "")
        return Flow(_end(match["source"]), end, "TCP", port)
    match = _WHEN_DIRECT.fullmatch(when)
    assert match is not None, f"{when!r} is no question"
    destination: DestinationEnd = _end(match["to"])
    port_text = match["port"]
    return Flow(
        _end(match["source"]),
        destination,
        match["protocol"],
        int(port_text) if port_text else None,
    )


def _end(text: str) -> SourceEnd:
    if text in FIXTURE["external"]:
        return AddressEnd(FIXTURE["external"][text])
    if text.startswith("node:"):
        return NodeEnd(text.removeprefix("node:"))
    namespace, _, name = text.partition("/")
    return PodEnd(namespace, name)


CASES: tuple[Case, ...] = tuple(
    Case(
        id=each["id"],
        given=tuple(each["given"]),
        when=each["when"],
        then=each["then"],
        why=each["why"],
        note=each.get("note", ""),
    )
    for each in _LOADED["cases"]
)
