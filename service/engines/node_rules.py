"""What engines do by themselves about a pod and the node it runs on."""

from __future__ import annotations

from service.model.condition import ALWAYS, IS_POD, Condition, Relation, RelationIs, all_of
from service.model.pipeline import Effect, Origin, Peer, Rule, Stage, StagePolicy

OWN_NODE = RelationIs(Relation.OWN_NODE)


def own_node_allowed(reason: str, detail: str, subjects: Condition = ALWAYS) -> Stage:
    """A stage that lets a pod and its own node talk, whatever policies say."""
    origin = Origin(reason, detail=detail)
    rule = Rule(Effect.ALLOW, origin, (Peer(OWN_NODE),))
    return Stage("ownNode", (StagePolicy(origin, all_of(IS_POD, subjects), (rule,)),))


NODE_TO_POD = own_node_allowed(
    "NodeOfPodAllowed",
    "traffic from the node that a pod runs on is always allowed",
)
