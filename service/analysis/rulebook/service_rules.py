"""MIG rules about connections that arrive through Services, and from the API server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from service.analysis.rulebook.answers import (
    CLEAR,
    Found,
    Missing,
    Sighting,
    joined,
    lacking,
    seen,
)
from service.analysis.rulebook.exposure import (
    Risk,
    backends,
    forwarded_services,
    namespace_isolates,
    risks,
)
from service.analysis.rulebook.inputs import RuleInput
from service.analysis.rulebook.predicates import Predicate
from service.analysis.rulebook.sight import affected_service, workloads
from service.analysis.rulebook.traits import has_trait
from service.analysis.stated import WebhookBackend

PODS = Missing("pods", "give the pods, so that the backends of Services can be told")


def _each_risk(asked: RuleInput, wanted: Callable[[Risk], bool], detail: str) -> Found:
    if has_trait(asked.profile, "serviceTrafficMayBypass"):
        return CLEAR
    return joined(_risk_parts(asked, wanted, detail))


def _risk_parts(asked: RuleInput, wanted: Callable[[Risk], bool], detail: str) -> Iterator[Found]:
    sight = asked.sight
    unlisted = has_trait(asked.profile, "countsUnlistedSections")
    for service in forwarded_services(sight):
        if not service.selector:
            if namespace_isolates(sight, service.namespace):
                what = f"Service {service.namespace}/{service.name} has no selector"
                yield lacking("endpoints", f"{what}; its endpoints are not part of the revision")
            continue
        if not sight.knows_pods:
            if namespace_isolates(sight, service.namespace):
                yield Found(missing=(PODS,))
            continue
        for risk in risks(sight, service, backends(sight, service), unlisted=unlisted):
            if wanted(risk):
                yield seen(_risk_sighting(risk, detail))


def _risk_sighting(risk: Risk, detail: str) -> Sighting:
    first = risk.policies[0]
    name = f"Service {risk.service.namespace}/{risk.service.name}"
    return Sighting(
        f"{name}, port {risk.port.port} to {risk.number}: {detail}",
        policy=first.ref,
        pointer="/spec/ingress" if first.ingress else "/spec",
        endpoints=(affected_service(risk.service), *workloads(risk.pods)),
        values={
            "service": f"{risk.service.namespace}/{risk.service.name}",
            "port": risk.port.port,
            "targetPort": risk.number,
            "protocol": risk.port.protocol,
            "policies": tuple(str(each.ref) for each in risk.policies),
        },
    )


def _load_balancers(asked: RuleInput) -> Found:
    detail = "the backends are isolated and do not open the port to everyone"
    return _each_risk(asked, lambda risk: True, detail)


def _clients_by_block(asked: RuleInput) -> Found:
    detail = "an ipBlock admits the clients, and forwarded connections come from a node"
    return _each_risk(asked, lambda risk: risk.by_blocks, detail)


def _webhooks(asked: RuleInput) -> Found:
    sight = asked.sight
    stated = asked.stated.webhooks
    if stated is None:
        isolating = any(namespace_isolates(sight, each) for each in sight.namespaces)
        if not isolating:
            return CLEAR
        return lacking("webhooks", "give the webhook configurations and API services")
    return joined(_webhook(asked, each) for each in stated)


def _webhook(asked: RuleInput, backend: WebhookBackend) -> Found:
    sight = asked.sight
    name = f"{backend.namespace}/{backend.service}"
    service = next(
        (
            each
            for each in asked.snapshot.inventory.services
            if (each.namespace, each.name) == (backend.namespace, backend.service)
        ),
        None,
    )
    if service is None:
        if not namespace_isolates(sight, backend.namespace):
            return CLEAR
        return lacking(
            "services", f"give Service {name}, which {backend.kind} {backend.name} calls"
        )
    if not service.selector or not sight.knows_pods:
        return Found(missing=(PODS,)) if namespace_isolates(sight, backend.namespace) else CLEAR
    called = tuple(each for each in service.ports if each.port == backend.port)
    unlisted = has_trait(asked.profile, "countsUnlistedSections")
    found = [
        each
        for each in risks(sight, service, backends(sight, service), unlisted=unlisted)
        if each.port in called
    ]
    detail = f"{backend.kind} {backend.name} calls it, and calls of the API server come from a node"
    return seen(*(_risk_sighting(each, detail) for each in found))


PREDICATES: Mapping[str, Predicate] = {
    "MIG-006": _load_balancers,
    "MIG-007": _clients_by_block,
    "MIG-009": _webhooks,
}
