"""What is wrong with a Cilium object, by who refuses it: the API server or the agent.

The API server checks the CRD's schema. The agent checks the rest and refuses an object whole
that the API server has already stored. A manifest with such a fault is refused here, too; an
object that was dumped from a cluster exists all the same, so it is read and does nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from service.manifests.calico_fields import Notes
from service.model.cilium import AgentRefusal, VersionedReason
from service.model.finding import Severity


@dataclass(slots=True)
class AgentNotes:
    """Collects what the agent would refuse; `stored`: the object is from a cluster."""

    notes: Notes
    stored: bool
    refusals: list[AgentRefusal] = field(default_factory=list)

    def invalid(self, detail: str, pointer: str) -> None:
        """Every version refuses this."""
        reason = VersionedReason.STORED_INVALID
        if self.stored:
            self._tell(reason, detail, pointer)
        else:
            self.notes.wrong(reason.value, detail, pointer)

    def depends(self, reason: VersionedReason, detail: str, pointer: str) -> None:
        """Some versions refuse this."""
        self._tell(reason, detail, pointer)

    def _tell(self, reason: VersionedReason, detail: str, pointer: str) -> None:
        self.notes.tell(reason.value, Severity.HIGH, detail, pointer)
        self.refusals.append(AgentRefusal(reason, detail, pointer))
