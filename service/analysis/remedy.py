"""A remedy: what undoes a change, as a patch of a policy or as a new object."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import yaml

from service.analysis.rulebook.blocks import BlockReach, block_reaches
from service.analysis.rulebook.book import Answer
from service.analysis.rulebook.inputs import RuleInput
from service.model.network_policy import NetworkPolicy, PolicyType
from service.model.policy import PolicyRef

JsonObject = dict[str, Any]


class When(StrEnum):
    """When a remedy can be applied, seen from the change of engine."""

    BEFORE = "Before"
    AFTER = "After"


@dataclass(frozen=True, slots=True)
class Remedy:
    """Something that undoes a change: either a patch of a policy or a new object."""

    rule: str
    when: When
    detail: str
    policy: PolicyRef | None = None
    patch: tuple[JsonObject, ...] = ()
    manifest: JsonObject | None = None
    is_exact: bool = True
    """Whether it opens just what is lost, and nothing besides."""

    @property
    def text(self) -> str:
        """The manifest as YAML."""
        return str(yaml.safe_dump(self.manifest, sort_keys=False)) if self.manifest else ""


Maker = Callable[[RuleInput, Answer], Iterator[Remedy]]


def policies_of(asked: RuleInput, answer: Answer) -> Iterator[NetworkPolicy]:
    """The NetworkPolicies that an answer speaks of."""
    wanted = {each.policy for each in answer.sightings}
    yield from (each for each in asked.sight.policies if each.ref in wanted)


def reaches_of(
    asked: RuleInput, answer: Answer, kinds: Iterable[PolicyType] = PolicyType
) -> Iterator[BlockReach]:
    """The blocks that an answer speaks of."""
    pointers = {(each.policy, each.pointer) for each in answer.sightings}
    for policy in policies_of(asked, answer):
        listed = [kind for kind in kinds if kind in policy.policy_types]
        for reach in block_reaches(asked.sight, (policy,), listed):
            if (policy.ref, f"{reach.pointer}/cidr") in pointers:
                yield reach
