"""Reads Calico NetworkPolicies and GlobalNetworkPolicies, enforced and staged.

Defaults and checks: projectcalico/calico libcalico-go/lib/validator/v3 and
api/pkg/defaults/networkpolicy.go. What is stored without types is for both directions to Felix
(felix/calc/policy_sorter.go), while the v3 API fills them in from the rules.
"""

from __future__ import annotations

from service.manifests import network_policy
from service.manifests.calico_fields import Members
from service.manifests.calico_names import CalicoName
from service.manifests.calico_rules import read_rules
from service.manifests.names import dns_label_fault
from service.model.calico import DEFAULT_TIER, CalicoPolicy, Rule, StagedPolicy
from service.model.finding import Severity
from service.model.network_policy import PolicyType
from service.model.policy import Position

_FIELDS = (
    *("tier", "order", "selector", "types", "ingress", "egress"),
    *("serviceAccountSelector", "performanceHints"),
)
_GLOBAL_FIELDS = ("namespaceSelector", "doNotTrack", "preDNAT", "applyOnForward")
_KUBERNETES_FIELDS = ("podSelector", "ingress", "egress", "policyTypes")
_HINTS = ("AssumeNeededOnEveryNode",)
_STAGED_ACTIONS = ("Set", "Delete", "Learn", "Ignore")


def tier_of(spec: Members) -> str:
    """The tier that a policy names, or the default one."""
    tier = spec.text("tier") or DEFAULT_TIER
    if wrong := dns_label_fault(tier):
        spec.wrong("tier", "InvalidName", f"tier {wrong}")
    return tier


def read_policy(name: CalicoName, spec: Members, position: Position) -> CalicoPolicy:
    """A NetworkPolicy, or a GlobalNetworkPolicy where the name has no namespace."""
    return _policy(name, spec, position, ())


def _policy(
    name: CalicoName, spec: Members, position: Position, more_fields: tuple[str, ...]
) -> CalicoPolicy:
    is_global = not name.ref.namespace
    spec.only(*_FIELDS, *(_GLOBAL_FIELDS if is_global else ()), *more_fields)
    notes = spec.notes
    ingress = read_rules(spec, PolicyType.INGRESS, is_global=is_global)
    egress = read_rules(spec, PolicyType.EGRESS, is_global=is_global)
    _check_hints(spec)
    lost: list[str] = []
    selectors = {}
    for key in ("serviceAccountSelector", *(("namespaceSelector",) if is_global else ())):
        before = len(notes.found)
        selectors[key] = spec.selector(key, loses=True)
        if len(notes.found) > before:
            lost.append(key)
    if is_global and not notes.stored:
        _check_host_options(spec)
    policy = CalicoPolicy(
        ref=name.ref,
        types=_types(spec, ingress, egress),
        selector=spec.selector("selector"),
        namespace_selector=selectors.get("namespaceSelector"),
        service_account_selector=selectors["serviceAccountSelector"],
        tier=tier_of(spec),
        order=spec.decimal("order"),
        ingress=ingress,
        egress=egress,
        do_not_track=is_global and spec.flag("doNotTrack"),
        pre_dnat=is_global and spec.flag("preDNAT"),
        apply_on_forward=is_global and spec.flag("applyOnForward"),
        lost=tuple(lost),
        unreadable=tuple(notes.unreadable),
        position=position,
    )
    return policy


def _types(
    spec: Members, ingress: tuple[Rule, ...], egress: tuple[Rule, ...]
) -> frozenset[PolicyType]:
    found: list[PolicyType] = []
    for pointer, value in spec.items("types"):
        if isinstance(value, str) and value in set(PolicyType):
            found.append(PolicyType(value))
        else:
            spec.notes.wrong("InvalidValue", "types are Ingress and Egress", pointer)
    if len(set(found)) < len(found) and not spec.notes.stored:
        spec.wrong("types", "Duplicate", "a type is listed more than once")
    if found:
        return frozenset(found)
    if spec.notes.stored:
        if not (ingress and egress):
            spec.notes.tell(
                "CalicoTypesMissing",
                Severity.MEDIUM,
                "stored without types, which Felix reads as Ingress and Egress: both directions "
                "are isolated",
                spec.at("types"),
            )
        return frozenset(PolicyType)
    if egress and not ingress:
        return frozenset({PolicyType.EGRESS})
    return frozenset(PolicyType) if egress else frozenset({PolicyType.INGRESS})


def _check_hints(spec: Members) -> None:
    """Hints are for Felix's own work and never change what is enforced."""
    hints = spec.texts("performanceHints")
    for index, hint in enumerate(hints):
        if not spec.notes.stored and (hint not in _HINTS or hint in hints[:index]):
            pointer = f"{spec.at('performanceHints')}/{index}"
            detail = f"{hint!r} is none of {', '.join(_HINTS)}, each at most once"
            spec.notes.wrong("InvalidValue", detail, pointer)


def _check_host_options(spec: Members) -> None:
    untracked, early = spec.flag("doNotTrack"), spec.flag("preDNAT")
    if untracked and early:
        spec.wrong("preDNAT", "ForbiddenField", "preDNAT cannot go with doNotTrack")
    if (untracked or early) and not spec.flag("applyOnForward"):
        spec.wrong("applyOnForward", "RequiredField", "doNotTrack and preDNAT need applyOnForward")
    if early and spec.value("egress"):
        spec.wrong("egress", "ForbiddenField", "a preDNAT policy cannot have egress rules")
    if early and any(value == PolicyType.EGRESS for _, value in spec.items("types")):
        spec.wrong("types", "InvalidValue", "a preDNAT policy cannot be for Egress")


def read_staged_policy(name: CalicoName, spec: Members, position: Position) -> StagedPolicy:
    """A staged NetworkPolicy or GlobalNetworkPolicy, checked as if it were enforced."""
    action = spec.choice("stagedAction", _STAGED_ACTIONS, "Set")
    if action == "Delete":
        for key in (*_FIELDS, *_GLOBAL_FIELDS):
            if key != "tier" and spec.value(key) not in (None, "", [], False):
                spec.wrong(key, "ForbiddenField", "stagedAction Delete allows no field but tier")
    else:
        _policy(name, spec, position, ("stagedAction",))
    return StagedPolicy(name.ref, position)


def read_staged_kubernetes_policy(
    name: CalicoName, spec: Members, position: Position
) -> StagedPolicy:
    """A staged Kubernetes NetworkPolicy; what its rules are worth shows once it is one."""
    spec.only(*_KUBERNETES_FIELDS, "stagedAction")
    action = spec.choice("stagedAction", _STAGED_ACTIONS, "Set")
    if action == "Delete":
        for key in _KUBERNETES_FIELDS:
            if spec.value(key) not in (None, {}, []):
                spec.wrong(key, "ForbiddenField", "stagedAction Delete allows no field")
        return StagedPolicy(name.ref, position)
    body = {key: spec.value(key) for key in _KUBERNETES_FIELDS if key in spec}
    raw = {
        "apiVersion": network_policy.API_VERSION,
        "kind": network_policy.KIND,
        "metadata": {"name": "staged"},
        "spec": {"podSelector": {}, **body},
    }
    for note in network_policy.read_network_policy(raw, position).notes:
        if note.severity is None:
            detail = f"could not become a NetworkPolicy: {note.detail}"
            spec.notes.tell(note.code, Severity.MEDIUM, detail, note.pointer)
    return StagedPolicy(name.ref, position)
