"""Labels of service accounts, where the input does not hold the accounts.

Every pod has an account (`default`, where it names none), so an account that is not part of the
input exists all the same, and nobody can tell its labels.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from service.engines.calico_selectors import opposite
from service.model.assumption import Assumption
from service.model.condition import (
    AllOf,
    AnyOf,
    Assumed,
    Condition,
    LabelIs,
    LabelScope,
    Negation,
    all_of,
    any_of,
    in_namespace,
)
from service.model.inventory import Inventory
from service.model.labels import Operator, Requirement
from service.model.pipeline import Stage, StagePolicy

LABELS_UNKNOWN = Assumption(
    "CalicoServiceAccountLabels",
    "the labels of the service account are not part of the revision",
)


def accounts_missing(inventory: Inventory) -> bool:
    """Whether some pod's account is not part of the input."""
    known = {(each.namespace, each.name) for each in inventory.service_accounts}
    return not {(pod.namespace, pod.service_account) for pod in inventory.pods} <= known


def with_open_accounts(stages: Iterable[Stage], inventory: Inventory) -> tuple[Stage, ...]:
    """Stages whose conditions leave open what the labels of unknown accounts would decide."""
    opening = _Opening(_is_known(inventory))
    return tuple(
        replace(stage, policies=tuple(map(opening.policy, stage.policies))) for stage in stages
    )


def _is_known(inventory: Inventory) -> Condition:
    names: dict[str, list[str]] = {}
    for each in inventory.service_accounts:
        names.setdefault(each.namespace, []).append(each.name)
    return any_of(
        *(
            all_of(
                in_namespace(namespace),
                LabelIs(
                    LabelScope.SERVICE_ACCOUNT_NAME,
                    Requirement("serviceAccount", Operator.IN, tuple(sorted(found))),
                ),
            )
            for namespace, found in sorted(names.items())
        )
    )


class _Opening:
    """Rewrites conditions; what holds no such label stays the same object."""

    def __init__(self, known: Condition) -> None:
        self._known = known
        self._made: dict[Condition, Condition] = {}

    def policy(self, policy: StagePolicy) -> StagePolicy:
        rules = tuple(
            replace(
                rule,
                local=self._opened(rule.local),
                peers=tuple(
                    replace(peer, condition=self._opened(peer.condition)) for peer in rule.peers
                ),
            )
            for rule in policy.rules
        )
        changed = replace(policy, subject=self._opened(policy.subject), rules=rules)
        return policy if changed == policy else changed

    def _opened(self, condition: Condition) -> Condition:
        found = self._made.get(condition)
        if found is None:
            found = self._made[condition] = self._rewritten(condition)
        return found

    def _rewritten(self, condition: Condition) -> Condition:
        match condition:
            case AllOf(parts):
                return AllOf(tuple(map(self._opened, parts)))
            case AnyOf(parts):
                return AnyOf(tuple(map(self._opened, parts)))
            case Negation(part):
                return Negation(self._opened(part))
            case LabelIs(LabelScope.SERVICE_ACCOUNT):
                return any_of(
                    all_of(self._known, condition),
                    all_of(opposite(self._known), Assumed(LABELS_UNKNOWN)),
                )
            case _:
                return condition
