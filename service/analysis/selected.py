"""The policies that select an endpoint, found once however often the endpoint is asked about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from service.analysis.asking import Encounter, ask
from service.analysis.deciding import PolicyIndex
from service.model.addresses import Family
from service.model.condition import ALWAYS
from service.model.endpoint import Endpoint, EndpointKind
from service.model.pipeline import Direction, Pipeline, Stage, StagePolicy

_Stages = list[tuple[Stage, list[StagePolicy]]]


class SelectedPolicies(PolicyIndex):
    """As a `PolicyIndex`, without the policies that certainly do not select the endpoint."""

    def __init__(self, stages: Iterable[Stage]) -> None:
        super().__init__(stages)
        self._known: dict[tuple[EndpointKind, str, str], _Stages] = {}
        self._settled: dict[int, tuple[StagePolicy, StagePolicy]] = {}

    def policies_for(self, endpoint: Endpoint) -> Iterator[tuple[Stage, list[StagePolicy]]]:
        """Per stage the policies that may select the endpoint."""
        if endpoint.kind is EndpointKind.EXTERNAL:
            return iter(self._selecting(endpoint))
        key = (endpoint.kind, endpoint.namespace, endpoint.name)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._selecting(endpoint)
        return iter(known)

    def _selecting(self, endpoint: Endpoint) -> _Stages:
        # Who selects does not depend on the other end; the address family may matter.
        abouts = [Encounter(endpoint, endpoint, family) for family in Family]
        return [
            (stage, [kept for each in policies if (kept := self._kept(each, abouts)) is not None])
            for stage, policies in super().policies_for(endpoint)
        ]

    def _kept(self, policy: StagePolicy, abouts: Iterable[Encounter]) -> StagePolicy | None:
        """A policy that may select an endpoint; where it does, nobody need ask again."""
        answers = [ask(policy.subject, each) for each in abouts]
        if all(each is True for each in answers):
            known = self._settled.get(id(policy))
            if known is None:
                known = self._settled[id(policy)] = (policy, replace(policy, subject=ALWAYS))
            return known[1]
        return None if all(each is False for each in answers) else policy


def selected_index(pipeline: Pipeline) -> dict[Direction, PolicyIndex]:
    """An index per direction."""
    return {each: SelectedPolicies(pipeline.stages(each)) for each in Direction}
