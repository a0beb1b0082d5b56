"""Endpoints at one place of a map share every answer, whatever it is that tells others apart."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.analysis.alike import conditions_of, policies_of
from service.analysis.asking import Encounter, ask
from service.analysis.solve import space_of
from service.model.endpoint import Endpoint, EndpointKind
from tests.builders import Manifest, namespace, node, pod, service, snapshot
from tests.property.bounds import bounded
from tests.property.calico_clusters import calico_object
from tests.property.cilium_clusters import cilium_clusters
from tests.property.clusters import UNSETTLED, Cluster, clusters
from tests.property.engine_policies import calico_clusters
from tests.property.maps import Mapped, assert_agreement, pipeline_of, with_mixed_nodes

APPS, SPACES = ("a", "b"), ("red", "blue")
#: How an endpoint relates to it does not depend on where the endpoint runs.
OUTSIDE = Endpoint(EndpointKind.EXTERNAL, "203.0.113.9", addresses=(0xCB007109,))
_APP = st.sampled_from(APPS)
ANY_CLUSTER = st.one_of(
    clusters(UNSETTLED),
    clusters(UNSETTLED).map(with_mixed_nodes),
    calico_clusters(),
    cilium_clusters(UNSETTLED),
)


@st.composite
def _clusters_of_services(draw: st.DrawFn) -> list[Manifest]:
    """Pods that nothing but the Services in front of them tells apart."""
    inventory = [*map(namespace, SPACES), node("n1", "192.168.0.4")]
    for number in range(draw(st.integers(3, 6))):
        place, labels = f"{draw(st.sampled_from(SPACES))}/p{number}", {"app": draw(_APP)}
        on = draw(st.sampled_from(["n1", "n1", ""]))
        if draw(st.integers(0, 4)) == 0:
            inventory.append(pod(place, labels, on=on, hostNetwork=True))
        else:
            inventory.append(pod(place, labels, on=on, ips=[f"10.0.0.{number + 1}"]))
    for number, app in enumerate(APPS):
        address = f"10.1.0.{number + 1}"
        inventory.append(service(f"red/{app}", {"app": app}, [{"port": 80}], clusterIP=address))
    return inventory


@st.composite
def _calico_policy(draw: st.DrawFn, number: int) -> Manifest:
    """In one direction, from or to what stands behind one Service."""
    ways = {"Ingress": ("ingress", "source"), "Egress": ("egress", "destination")}
    direction = draw(st.sampled_from(sorted(ways)))
    member, end = ways[direction]
    meant = {"services": {"namespace": "red", "name": draw(_APP)}}
    spec = {
        "order": number,
        "selector": "all()",
        "types": [direction],
        member: [{"action": "Allow", end: meant}],
    }
    metadata = {"namespace": draw(st.sampled_from(SPACES)), "name": f"p{number}"}
    return calico_object("NetworkPolicy", metadata, spec)


@st.composite
def _cilium_policy(draw: st.DrawFn, number: int) -> Manifest:
    meant = {"k8sService": {"namespace": "red", "serviceName": draw(_APP)}}
    return {
        "apiVersion": "cilium.io/v2",
        "kind": "CiliumNetworkPolicy",
        "metadata": {"namespace": draw(st.sampled_from(SPACES)), "name": f"p{number}"},
        "spec": {"endpointSelector": {}, "egress": [{"toServices": [meant]}]},
    }


_POLICIES = {"calico": _calico_policy, "cilium": _cilium_policy}


@pytest.mark.parametrize("engine", sorted(_POLICIES))
@bounded(0.3)
@given(data=st.data(), seed=st.integers(0, 1 << 16))
def test_pods_that_only_services_tell_apart(engine: str, data: st.DataObject, seed: int) -> None:
    inventory = data.draw(_clusters_of_services())
    policies = [data.draw(_POLICIES[engine](number)) for number in range(3)]
    found = snapshot(*inventory, *policies)
    mapped = Mapped(pipeline_of(found, engine), found.inventory)
    assert assert_agreement(mapped, random.Random(seed))


@pytest.mark.parametrize("engine", ["npm", "calico", "cilium", "cilium:1.16"])
@bounded(0.1)
@given(cluster=ANY_CLUSTER)
def test_those_at_one_place_share_every_answer(engine: str, cluster: Cluster) -> None:
    pipeline = pipeline_of(snapshot(*cluster.manifests), engine)
    space = space_of(pipeline)
    conditions = dict.fromkeys(conditions_of(policies_of(pipeline)))
    for place in space.places:
        for family in space.families:
            meetings = [Encounter(each, OUTSIDE, family) for each in place.members]
            for other in meetings[1:]:
                for each in conditions:
                    assert _kind(ask(each, meetings[0])) == _kind(ask(each, other)), (each, other)


def _kind(answer: object) -> object:
    """Assumptions name the endpoint that they are about."""
    return answer if isinstance(answer, bool) else "depends"
