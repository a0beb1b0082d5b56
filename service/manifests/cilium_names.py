"""Reads DNS names and patterns of Cilium's rules."""

from __future__ import annotations

import re

from service.manifests.calico_fields import Members
from service.manifests.cilium_notes import AgentNotes
from service.model.cilium import FqdnPeer

LONGEST_NAME = 255
_NAME = re.compile(r"[-a-zA-Z0-9_.]+")
_PATTERN = re.compile(r"[-a-zA-Z0-9_.*]+")


def fqdn_peer(members: Members, agent: AgentNotes) -> FqdnPeer:
    """An element of `toFQDNs` or of DNS rules."""
    members.only("matchName", "matchPattern")
    name, pattern = members.text("matchName"), members.text("matchPattern")
    for key, text, allowed in (("matchName", name, _NAME), ("matchPattern", pattern, _PATTERN)):
        if len(text) > LONGEST_NAME:
            members.wrong(key, "TooLong", f"{key} must have at most {LONGEST_NAME} characters")
        elif text and allowed.fullmatch(text) is None:
            agent.invalid(f"{text!r} has characters that no DNS name has", members.at(key))
    if not name and not pattern:
        agent.invalid("one of matchName and matchPattern is needed", members.pointer)
    return FqdnPeer(name, pattern)
