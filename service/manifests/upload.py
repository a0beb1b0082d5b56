"""An upload as it arrives, and as it is once read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from service.manifests.faults import Problem
from service.model.inventory import Inventory
from service.model.policy import Policy, PolicyRef, Position


@dataclass(frozen=True, slots=True)
class UploadPart:
    """One body or one file; an empty media type is found out from the content."""

    content: bytes
    media_type: str = ""
    encoding: str = "identity"
    name: str = ""


@dataclass(frozen=True, slots=True)
class PolicyDocument:
    """A policy in its three forms: as uploaded, normalised, and as a typed value."""

    ref: PolicyRef
    position: Position
    text: str
    """This document alone, exactly as uploaded."""
    normalised: Mapping[str, Any]
    """JSON values with the API server's defaults and without what does not matter."""
    digest: str
    policy: Policy


@dataclass(frozen=True, slots=True)
class Upload:
    """What an upload holds."""

    policies: tuple[PolicyDocument, ...] = ()
    """Sorted by their reference."""
    inventory: Inventory = Inventory()
    """Without the namespaces that other objects only name; see `snapshot`."""
    problems: tuple[Problem, ...] = ()
    documents: int = 0
    ignored: Mapping[str, int] = field(default_factory=dict)
    """How many objects of each `apiVersion/Kind` were left aside."""
    parts: tuple[tuple[str, int], ...] = ()
    """Each part by its name, with the number of its last object."""
    is_blank: bool = False
    """Whether there is nothing in any part but white space and comments; a list may be empty."""
