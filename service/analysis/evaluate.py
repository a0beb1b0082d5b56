"""One flow, with its full explanation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from service.analysis.alike import Signatures
from service.analysis.asking import placement_unknown
from service.analysis.attempts import (
    PODS_DIFFER,
    Attempt,
)
from service.analysis.deciding import LET_THROUGH, Connection, both, decide, suppositions
from service.analysis.resolving import NoNetwork, Resolver, UnresolvedEnd
from service.analysis.selected import selected_index
from service.analysis.ways import Ways
from service.model.assumption import Assumption
from service.model.endpoint import Endpoint, EndpointKind
from service.model.flow import Flow
from service.model.inventory import Inventory
from service.model.pipeline import Direction, Pipeline, Treatment
from service.model.verdict import Decision, DirectionVerdict, Evidence, Verdict, VerdictGroup

__all__ = ["Evaluator", "UnresolvedEnd"]

NOT_APPLICABLE = DirectionVerdict(Decision.NOT_APPLICABLE)
OWN_POD = NOT_APPLICABLE._replace(
    evidence=(Evidence("Allow", "OwnPod", "a pod always reaches itself"),)
)
OWN_NODE = NOT_APPLICABLE._replace(
    evidence=(Evidence("Allow", "OwnNode", "a node always reaches itself"),)
)


class Evaluator:
    """Answers flows over one pipeline; building it indexes the pipeline once."""

    def __init__(
        self, pipeline: Pipeline, inventory: Inventory, pod_cidrs: Iterable[str] = ()
    ) -> None:
        self.pipeline = pipeline
        self._index = selected_index(pipeline)
        resolver = Resolver(inventory, pipeline.endpoints, pod_cidrs)
        self._ways = Ways(resolver, Signatures(pipeline), pipeline.service_paths, self._index)

    def evaluate(self, flow: Flow) -> Verdict:
        """The verdict on a flow.

        Raises `UnresolvedEnd` where the snapshot does not know an end or the port.
        """
        try:
            groups = [self._group(each) for each in self._ways.of(flow)]
        except NoNetwork as nothing:
            return Verdict(
                flow,
                Decision.UNKNOWN,
                NOT_APPLICABLE,
                NOT_APPLICABLE,
                (nothing.assumption,),
            )
        merged = _merge(groups) if len(groups) > 1 else groups
        if len(merged) == 1:
            only = merged[0][0]
            return Verdict(
                flow, only.decision, only.egress, only.ingress, only.assumptions, (only,)
            )
        decisions = {each.decision for each, _ in merged}
        assumptions: set[Assumption] = set()
        for group, choice in merged:
            assumptions.update(group.assumptions)
            if len(decisions) > 1:
                assumptions.add(choice or PODS_DIFFER)
        decision = decisions.pop() if len(decisions) == 1 else Decision.UNKNOWN
        first = next(
            (each for each, _ in merged if each.decision is not Decision.ALLOW), merged[0][0]
        )
        return Verdict(
            flow,
            decision,
            first.egress,
            first.ingress,
            tuple(sorted(assumptions)) if decision is Decision.UNKNOWN else (),
            tuple(group for group, _ in merged),
        )

    def _group(self, attempt: Attempt) -> tuple[VerdictGroup, Assumption | None]:
        source, destination = attempt.source.speaker, attempt.destination.speaker
        egress, ingress, decision = self._decide(attempt, source, destination)
        assumptions: set[Assumption] = set()
        if decision is Decision.ALLOW and attempt.proviso is not None:
            decision = Decision.UNKNOWN
            assumptions.add(attempt.proviso)
        elif decision is Decision.UNKNOWN:
            assumptions.update(egress.assumptions, ingress.assumptions)
            if attempt.assumption is not None and ingress.decision is Decision.UNKNOWN:
                assumptions.add(attempt.assumption)
        group = VerdictGroup(
            tuple([_name(each) for each in attempt.source.members]),
            tuple([_name(each) for each in attempt.destination.members]),
            decision,
            egress,
            ingress,
            tuple(sorted(assumptions)) if assumptions else (),
            attempt.connections,
        )
        return group, attempt.choice

    def _decide(
        self, attempt: Attempt, source: Endpoint, destination: Endpoint
    ) -> tuple[DirectionVerdict, DirectionVerdict, Decision]:
        """The answers of both ends; where it is open whether they share a node, of both cases."""
        seen = attempt.seen_source or source
        cases = suppositions(source, destination)
        if seen is not source:
            cases = max(cases, suppositions(seen, destination), key=len)
        if len(cases) == 1:
            return self._decide_case(attempt, source, destination, cases[0])
        answers = [self._decide_case(attempt, source, destination, each) for each in cases]
        unplaced = next((each for each in (source, seen, destination) if each.node is None), source)
        why = placement_unknown(unplaced)
        decisions = {decision for _, _, decision in answers}
        return (
            _either([egress for egress, _, _ in answers], why),
            _either([ingress for _, ingress, _ in answers], why),
            decisions.pop() if len(decisions) == 1 else Decision.UNKNOWN,
        )

    def _decide_case(
        self,
        attempt: Attempt,
        source: Endpoint,
        destination: Endpoint,
        same_node: bool | None,
    ) -> tuple[DirectionVerdict, DirectionVerdict, Decision]:
        if not attempt.is_treated:
            if source is destination:
                # "A pod cannot block access to itself": the packet never leaves the pod.
                own = OWN_NODE if source.kind is EndpointKind.NODE else OWN_POD
                return own, own, Decision.ALLOW
            connection = Connection(source, destination, attempt.point, attempt.family, same_node)
            egress = decide(self._index[Direction.EGRESS], Direction.EGRESS, connection)
            ingress = decide(self._index[Direction.INGRESS], Direction.INGRESS, connection)
            return egress, ingress, both(egress.decision, ingress.decision)
        if not attempt.treatments and self._ways.may_be_stopped(attempt):
            why = attempt.assumption
            unknown = DirectionVerdict(
                Decision.UNKNOWN,
                assumptions=(why,) if why else (),
                evidence=(Evidence("Unknown", attempt.reason, why.detail if why else ""),),
            )
            return unknown, unknown, Decision.UNKNOWN
        # Around a pod that calls itself through its Service, both sides see what the path says;
        # otherwise only the side of the backend does.
        around = source is destination
        treatments = attempt.treatments or (Treatment.AS_SOURCE,)
        egress = _either(
            [self._egress(attempt, each, same_node) for each in treatments]
            if around
            else [self._egress(attempt, Treatment.AS_SOURCE, same_node)],
            attempt.assumption,
        )
        ingress = _either(
            [self._ingress(attempt, each, same_node) for each in treatments], attempt.assumption
        )
        return egress, ingress, both(egress.decision, ingress.decision)

    def _egress(
        self, attempt: Attempt, treatment: Treatment, same_node: bool | None
    ) -> DirectionVerdict:
        if treatment is Treatment.BYPASS:
            return _bypassed(attempt)
        destination = attempt.destination.speaker
        seen, point = attempt.asks_egress_about or (destination, attempt.point)
        connection = Connection(attempt.source.speaker, seen, point, attempt.family, same_node)
        return decide(self._index[Direction.EGRESS], Direction.EGRESS, connection)

    def _ingress(
        self, attempt: Attempt, treatment: Treatment, same_node: bool | None
    ) -> DirectionVerdict:
        if treatment is Treatment.BYPASS:
            return _bypassed(attempt)
        source = attempt.source.speaker
        if treatment is Treatment.AS_NODE and attempt.seen_source is not None:
            source = attempt.seen_source
        connection = Connection(
            source, attempt.destination.speaker, attempt.point, attempt.family, same_node
        )
        return decide(self._index[Direction.INGRESS], Direction.INGRESS, connection)


def _bypassed(attempt: Attempt) -> DirectionVerdict:
    evidence = Evidence("Allow", attempt.reason, "the engine does not ask policies here")
    return DirectionVerdict(Decision.NOT_APPLICABLE, evidence=(evidence,))


def _either(answers: list[DirectionVerdict], assumption: Assumption | None) -> DirectionVerdict:
    """One answer for treatments of which any may apply."""
    first = answers[0]
    if len(answers) == 1:
        return first
    outcomes = {
        Decision.ALLOW if each.decision in LET_THROUGH else each.decision for each in answers
    }
    if len(outcomes) == 1:
        return first
    assumptions = {each for answer in answers for each in answer.assumptions}
    if assumption is not None:
        assumptions.add(assumption)
    return first._replace(
        decision=Decision.UNKNOWN,
        evidence=tuple(each for answer in answers for each in answer.evidence),
        assumptions=tuple(sorted(assumptions)),
    )


def _name(endpoint: Endpoint) -> str:
    if endpoint.kind is EndpointKind.POD or endpoint.kind is EndpointKind.HOST_POD:
        return f"{endpoint.namespace}/{endpoint.name}"
    return endpoint.name


def _merge(
    groups: Sequence[tuple[VerdictGroup, Assumption | None]],
) -> Sequence[tuple[VerdictGroup, Assumption | None]]:
    """Groups with the same answer for the same reason as one."""
    found: dict[object, tuple[VerdictGroup, Assumption | None]] = {}
    for group, choice in groups:
        key = (group.decision, group.egress, group.ingress, group.assumptions)
        if key not in found:
            found[key] = (group, choice)
            continue
        known, _ = found[key]
        found[key] = (
            known._replace(
                sources=_joined(known.sources, group.sources),
                destinations=_joined(known.destinations, group.destinations),
                connections=known.connections + group.connections,
            ),
            choice,
        )
    return list(found.values())


def _joined(mine: tuple[str, ...], theirs: tuple[str, ...]) -> tuple[str, ...]:
    return mine if mine == theirs else tuple(dict.fromkeys((*mine, *theirs)))
