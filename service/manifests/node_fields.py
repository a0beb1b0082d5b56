"""Nodes, reduced to addresses, labels and operating system."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from service.manifests.cidrs import plain_address
from service.manifests.metadata import Metadata
from service.manifests.node_os import OS_LABELS
from service.model.inventory import LINUX, Node


class NodeAddress(msgspec.Struct, frozen=True):
    """One of `status.addresses`; host names stand among the IP addresses."""

    address: str = ""
    type: str = ""


class NodeSystem(msgspec.Struct, rename="camel", frozen=True):
    """`status.nodeInfo`."""

    operating_system: str = ""


class NodeStatus(msgspec.Struct, rename="camel", frozen=True):
    """What is read of a node's status."""

    addresses: list[NodeAddress] = []
    node_info: NodeSystem = NodeSystem()


class NodeObject(msgspec.Struct, frozen=True):
    """A Node."""

    metadata: Metadata = Metadata()
    status: NodeStatus = NodeStatus()


def node_of(name: str, labels: Mapping[str, str], status: NodeStatus) -> Node:
    """The node; its operating system is Linux where nothing says otherwise."""
    inside: dict[str, None] = {}
    outside: dict[str, None] = {}
    for each in status.addresses:
        plain = plain_address(each.address)
        if plain is not None:
            (outside if each.type == "ExternalIP" else inside)[plain] = None
    # What it speaks with in a family of which it has no other address.
    families = {":" in each for each in inside}
    inside.update((each, None) for each in outside if (":" in each) not in families)
    further = tuple(each for each in outside if each not in inside)
    labelled = next((labels[each] for each in OS_LABELS if labels.get(each)), LINUX)
    system = status.node_info.operating_system or labelled
    return Node(name, tuple(inside), labels, system, further)
