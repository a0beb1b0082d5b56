"""Policies that were added, removed or changed between two policy sets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from service.manifests.upload import PolicyDocument
from service.model.policy import PolicyRef


@dataclass(frozen=True, slots=True)
class PolicyChanges:
    """References in order; changed are those whose normalised form differs."""

    added: tuple[PolicyRef, ...]
    removed: tuple[PolicyRef, ...]
    changed: tuple[PolicyRef, ...]


def policy_changes(
    before: Iterable[PolicyDocument], after: Iterable[PolicyDocument]
) -> PolicyChanges:
    """Compare two policy sets by reference and digest."""
    old = {each.ref: each.digest for each in before}
    new = {each.ref: each.digest for each in after}
    return PolicyChanges(
        added=tuple(sorted(new.keys() - old.keys())),
        removed=tuple(sorted(old.keys() - new.keys())),
        changed=tuple(sorted(ref for ref in old.keys() & new.keys() if old[ref] != new[ref])),
    )
