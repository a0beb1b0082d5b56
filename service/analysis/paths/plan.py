"""A plan: the steps of a change, what they need, what they cost, and what they leave behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from service.analysis.paths.commands import Command
from service.analysis.rulebook.traits import has_trait
from service.model.cluster import Ipam
from service.model.engine import EngineProfile


class Support(StrEnum):
    """What AKS says to a change."""

    NOTHING_TO_DO = "NothingToDo"
    IN_PLACE = "InPlace"
    """One documented operation."""
    INDIRECT = "Indirect"
    """Several documented operations, one after the other."""
    UNVERIFIED = "Unverified"
    """A step of the plan is not documented for this cluster, or its sources disagree."""
    BLOCKED = "Blocked"
    """Something has to go first; the plan says what."""
    NOT_SUPPORTED = "NotSupported"


class StepKind(StrEnum):
    """What a step does to the cluster."""

    CHECK = "Check"
    BACKUP = "Backup"
    PREPARE = "Prepare"
    CHANGE = "Change"
    APPLY = "Apply"
    CLEANUP = "Cleanup"


class Enforcement(StrEnum):
    """Whether policies are enforced while a step runs, and until the next one ends."""

    KEPT = "Kept"
    UNCERTAIN = "Uncertain"
    ABSENT = "Absent"


class State(StrEnum):
    """Whether a prerequisite holds."""

    MET = "Met"
    NOT_MET = "NotMet"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class ClusterState:
    """What steps depend on and change; None where it is not known."""

    engine: str
    ipam: Ipam | None = None
    auto_provisioning: bool | None = None
    windows: bool | None = None

    @property
    def enforces(self) -> bool:
        """Whether policies are enforced in this state."""
        return has_trait(EngineProfile(self.engine), "enforces")

    def value(self, name: str) -> str | bool | None:
        """A field by the name that steps use."""
        match name:
            case "engine":
                return self.engine
            case "ipam":
                return self.ipam.value if self.ipam else None
            case "autoProvisioning":
                return self.auto_provisioning
            case "windows":
                return self.windows
            case _:
                raise ValueError(f"steps know nothing of {name!r}")

    def changed(self, changes: Mapping[str, str | bool]) -> ClusterState:
        """The state after a step."""
        found = self
        for name, to in changes.items():
            match name:
                case "engine":
                    found = replace(found, engine=str(to))
                case "ipam":
                    found = replace(found, ipam=Ipam(str(to)))
                case "autoProvisioning":
                    found = replace(found, auto_provisioning=bool(to))
                case "windows":
                    found = replace(found, windows=bool(to))
                case _:
                    raise ValueError(f"steps cannot change {name!r}")
        return found


@dataclass(frozen=True, slots=True)
class Floors:
    """The lowest versions that a step works with; None where none is documented."""

    azure_cli: str | None = None
    kubernetes: str | None = None
    rest_api: str | None = None
    aks_preview: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step with everything that somebody needs to carry it out."""

    id: str
    kind: StepKind
    title: str
    detail: str
    commands: tuple[Command, ...] = ()
    verify: tuple[Command, ...] = ()
    floors: Floors = Floors()
    reimages: int = 0
    irreversible: bool = False
    disruption: str = ""
    enforcement: Enforcement = Enforcement.KEPT
    optional: bool = False
    unverified: bool = False
    blocks: bool = False
    """AKS refuses the change until this has been done, and it is for the user to decide."""
    conflicts: tuple[str, ...] = ()
    source: str = ""
    as_of: str = ""
    confidence: str = ""
    before: ClusterState | None = None
    after: ClusterState | None = None


@dataclass(frozen=True, slots=True)
class Prerequisite:
    """Something that must hold before a step; `rule` names the rule that watches it."""

    id: str
    rule: str
    step: str
    state: State
    detail: str
    pointer: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    commands: tuple[Command, ...] = ()
    """What brings it about."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something that stays in the cluster, and when it may go."""

    what: str
    detail: str
    removable_after: str = ""


@dataclass(frozen=True, slots=True)
class ConflictNote:
    """Two sources that disagree about a step, and what the plan makes of it."""

    id: str
    subject: str
    values: tuple[str, ...]
    treatment: str


@dataclass(frozen=True, slots=True)
class Rollback:
    """The way back, or that there is none."""

    available: bool
    detail: str
    commands: tuple[Command, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """How to get from one state to another; without steps where there is no way."""

    source: ClusterState
    target: ClusterState
    support: Support
    steps: tuple[Step, ...] = ()
    prerequisites: tuple[Prerequisite, ...] = ()
    requests: tuple[Command, ...] = ()
    """Asks for the values that commands use and the input does not tell."""
    leftovers: tuple[Leftover, ...] = ()
    conflicts: tuple[ConflictNote, ...] = ()
    rollback: Rollback = Rollback(False, "")
    reasons: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()

    @property
    def reimages(self) -> int:
        """How often every node is reimaged."""
        return sum(each.reimages for each in self.steps)

    @property
    def irreversible_steps(self) -> tuple[str, ...]:
        """The steps that cannot be undone, or for which no way back is documented."""
        return tuple(each.id for each in self.steps if each.irreversible)

    def has(self, step: str) -> bool:
        """Whether a step is part of the plan."""
        return any(each.id == step for each in self.steps)
