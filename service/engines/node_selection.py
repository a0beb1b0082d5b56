"""Nodes by their labels, looked up in the inventory when a pipeline is compiled."""

from __future__ import annotations

from service.model.assumption import Assumption
from service.model.condition import IS_NODE, Assumed, Condition, NodeNameIn, all_of, any_of
from service.model.inventory import Inventory
from service.model.labels import LabelSelector

NODE_LABELS = Assumption(
    "NodeLabelsUnknown",
    "pods run on nodes that are not part of the upload, so it is open which labels those have",
)


def nodes_selected(inventory: Inventory, selector: LabelSelector) -> Condition:
    """The nodes that a selector means, hostNetwork pods on them included."""
    if not selector.requirements:
        return IS_NODE
    known = {each.name for each in inventory.nodes}
    found = NodeNameIn(
        frozenset(each.name for each in inventory.nodes if selector.matches(each.labels))
    )
    missing = frozenset(
        each.node
        for each in inventory.pods
        if each.host_network and each.node is not None and each.node not in known
    )
    if not missing:
        return found
    return any_of(found, all_of(NodeNameIn(missing), Assumed(NODE_LABELS)))
