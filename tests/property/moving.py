"""The same cluster some time later: pods come and go, move, and change their labels."""

from __future__ import annotations

import copy
import random
from collections.abc import Sequence

from tests.builders import Manifest


def moved(chance: random.Random, inventory: list[Manifest], to: Sequence[str]) -> list[Manifest]:
    """Pods come beside their like, go, and run on other nodes of `to`; namespaces change."""
    found: list[Manifest] = []
    for each in inventory:
        if each["kind"] == "Pod" and chance.random() < 0.4:
            changed = copy.deepcopy(each)
            match chance.randrange(5):
                case 3:
                    changed["spec"]["hostNetwork"] = not each["spec"].get("hostNetwork", False)
                case 0:
                    changed["metadata"]["name"] = _further(each, 100)
                    if to and chance.random() < 0.5:
                        changed["spec"]["nodeName"] = chance.choice(to)
                case 1 if to:
                    changed["spec"]["nodeName"] = chance.choice(to)
                case 2:
                    changed["metadata"]["name"] = _further(each, 200)
                    found.append(each)
                case _:
                    continue
            found.append(changed)
        elif each["kind"] == "Namespace" and chance.random() < 0.3:
            labels = chance.choice([{}, {"env": "a"}, {"env": "b"}])
            found.append({**each, "metadata": {**each["metadata"], "labels": labels}})
        else:
            found.append(each)
    return found


def without_a_node(chance: random.Random, inventory: list[Manifest]) -> list[Manifest]:
    """Without one of the nodes, on which pods may still run."""
    names = [each["metadata"]["name"] for each in inventory if each["kind"] == "Node"]
    gone = chance.choice(names) if names else ""
    return [
        each for each in inventory if each["kind"] != "Node" or each["metadata"]["name"] != gone
    ]


def _further(pod: Manifest, by: int) -> str:
    return f"p{int(pod['metadata']['name'][1:]) + by}"


def relabelled(chance: random.Random, inventory: list[Manifest]) -> list[Manifest]:
    """Some pods have the labels of another pod, or all of them none."""
    given = [each["metadata"].get("labels", {}) for each in inventory if each["kind"] == "Pod"]
    share = chance.choice([0, 0.4, 1])
    choices = chance.choice([given, [{}]]) if given else []
    return [
        {**each, "metadata": {**each["metadata"], "labels": dict(chance.choice(choices))}}
        if each["kind"] == "Pod" and chance.random() < share
        else each
        for each in inventory
    ]
