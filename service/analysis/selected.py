"""The policies that select an endpoint, found once however often the endpoint is asked about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from service.analysis.asking import Encounter, ask
from service.analysis.deciding import PolicyIndex, Selection
from service.model.addresses import Family
from service.model.condition import ALWAYS
from service.model.endpoint import Endpoint, EndpointKind
from service.model.pipeline import Direction, Pipeline, Stage, StagePolicy

_Stages = list[tuple[Stage, list[StagePolicy]]]
_Key = tuple[EndpointKind, str, str]


class SelectedPolicies(PolicyIndex):
    """As a `PolicyIndex`, without the policies that certainly do not select the endpoint."""

    def __init__(self, stages: Iterable[Stage]) -> None:
        super().__init__(stages)
        self._known: dict[_Key, _Stages] = {}
        self._selections: dict[_Key, tuple[Selection, ...] | None] = {}
        """None where it has to be asked anew for every connection."""
        self._settled: dict[int, tuple[StagePolicy, StagePolicy]] = {}

    def policies_for(self, endpoint: Endpoint) -> Iterator[tuple[Stage, list[StagePolicy]]]:
        """Per stage the policies that may select the endpoint."""
        if endpoint.kind is EndpointKind.EXTERNAL:
            return iter(self._selecting(endpoint))
        key = _key(endpoint)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._selecting(endpoint)
        return iter(known)

    def selections(self, about: Encounter) -> Iterable[Selection]:
        """Per stage the policies that select the endpoint of an encounter, or may."""
        endpoint = about.endpoint
        if endpoint.kind is EndpointKind.EXTERNAL:
            return super().selections(about)
        key = _key(endpoint)
        if key not in self._selections:
            self._selections[key] = self._settled_selections(endpoint)
        known = self._selections[key]
        return super().selections(about) if known is None else known

    def _settled_selections(self, endpoint: Endpoint) -> tuple[Selection, ...] | None:
        stages = list(self.policies_for(endpoint))
        if any(policy.subject is not ALWAYS for _, policies in stages for policy in policies):
            return None
        return tuple(
            Selection.of(stage, [(policy, True) for policy in policies])
            for stage, policies in stages
        )

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


def _key(endpoint: Endpoint) -> _Key:
    return endpoint.kind, endpoint.namespace, endpoint.name


def selected_index(pipeline: Pipeline) -> dict[Direction, PolicyIndex]:
    """An index per direction."""
    return {each: SelectedPolicies(pipeline.stages(each)) for each in Direction}
