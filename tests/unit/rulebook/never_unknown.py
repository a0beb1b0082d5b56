"""Rules that cannot be Unknown, and why: what they look at is part of every question."""

from __future__ import annotations

_POLICIES = "the policies are part of the revision"
_PLAN = "a migration report has its plan"

NEVER_UNKNOWN = {
    "ENG-011": "the date is part of the question",
    "ENG-018": _POLICIES,
    "ENG-022": _POLICIES,
    "ENG-023": _POLICIES,
    "ENG-025": _POLICIES,
    "FEAT-005": _POLICIES,
    "FEAT-006": _POLICIES,
    "FEAT-007": "the selector itself is the finding; the namespaces decide how grave it is",
    "FEAT-008": _POLICIES,
    "FEAT-009": "a profile of Cilium has a version",
    "FEAT-014": "not knowing is what the rule says",
    "FEAT-015": "a profile of Cilium has a version",
    "FEAT-016": _POLICIES,
    "FEAT-021": _POLICIES,
    "FEAT-026": _POLICIES,
    "MIG-012": "as FEAT-016",
    "MIG-013": "as FEAT-015",
    "MIG-015": "as FEAT-008",
    "MIG-017": "as FEAT-009",
    "MIG-022": _POLICIES,
    "MIG-027": _POLICIES,
    "MIG-028": "what is not given has no effect",
    "MIG-029": _POLICIES,
    "MIG-030": "what is not given has no effect",
    "MIG-031": _POLICIES,
    "MIG-034": "the profile is part of the question",
    "PATH-001": _PLAN,
    "PATH-002": _PLAN,
    "PATH-003": _PLAN,
    "PATH-004": _PLAN,
    "PATH-007": _PLAN,
    "PATH-008": _PLAN,
    "PATH-010": _PLAN,
    "PATH-016": _PLAN,
    "PATH-018": _PLAN,
    "PATH-019": _PLAN,
    "PATH-021": "the date is part of the question",
    "PATH-024": "what is planned is said or not planned",
    "PATH-025": "that something is not told is what the rule says",
}
