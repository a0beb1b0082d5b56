"""What a rule answers, and the evidence that it shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain

from service.model.finding import Severity
from service.model.policy import PolicyRef

GRAVEST_FIRST = tuple(Severity)


class Outcome(StrEnum):
    """Whether a rule applies. Unknown always names what is missing."""

    HIT = "Hit"
    CLEAR = "Clear"
    UNKNOWN = "Unknown"


class AffectedKind(StrEnum):
    """What a sighting concerns."""

    WORKLOAD = "Workload"
    NODE = "Node"
    NODE_POOL = "NodePool"
    SERVICE = "Service"
    NAMESPACE = "Namespace"


@dataclass(frozen=True, slots=True, order=True)
class Affected:
    """One thing that a sighting concerns; `namespace` is empty where it has none."""

    kind: AffectedKind
    name: str
    namespace: str = ""

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


Shown = str | int | bool | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sighting:
    """One place where a rule applies.

    `severity` None means the rule's own. `pointer` is a JSON pointer into the policy, or, without
    a policy, into the cluster record. `settled_by` names the steps of the plan that deal with it.
    """

    detail: str
    severity: Severity | None = None
    policy: PolicyRef | None = None
    pointer: str = ""
    endpoints: tuple[Affected, ...] = ()
    values: Mapping[str, Shown] = field(default_factory=dict)
    remedy: str = ""
    settled_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class Missing:
    """What the input does not tell, as a stable name, and what would settle it."""

    what: str
    detail: str


@dataclass(frozen=True, slots=True)
class Found:
    """What a predicate saw and what it could not see; neither means that the rule is clear."""

    sightings: tuple[Sighting, ...] = ()
    missing: tuple[Missing, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """A sighting is a hit even where more may be hidden behind what is missing."""
        if self.sightings:
            return Outcome.HIT
        return Outcome.UNKNOWN if self.missing else Outcome.CLEAR


CLEAR = Found()


def seen(*sightings: Sighting) -> Found:
    """A hit, or clear where there is no sighting."""
    return Found(tuple(sightings))


def lacking(what: str, detail: str) -> Found:
    """Unknown for want of one thing."""
    return Found(missing=(Missing(what, detail),))


def joined(parts: Iterable[Found]) -> Found:
    """Everything seen and everything missing, each missing thing once."""
    listed = tuple(parts)
    missing = dict.fromkeys(chain.from_iterable(each.missing for each in listed))
    return Found(
        tuple(chain.from_iterable(each.sightings for each in listed)), tuple(sorted(missing))
    )


def gravest(severities: Iterable[Severity]) -> Severity | None:
    """The gravest of some severities; None without any."""
    return min(severities, key=GRAVEST_FIRST.index, default=None)
