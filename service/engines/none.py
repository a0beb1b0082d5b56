"""Engine `none`: nothing reads policies, so everything that routing allows is allowed."""

from __future__ import annotations

from service.engines.endpoints import EndpointView, endpoints_of, every_container
from service.engines.engine import Engine
from service.model.condition import ALWAYS
from service.model.engine import EngineProfile
from service.model.finding import Finding, Severity
from service.model.pipeline import Pipeline, ServicePath, ServicePaths
from service.model.snapshot import Snapshot

_OPEN = ServicePath("NothingEnforced")


def compile_none(snapshot: Snapshot, profile: EngineProfile) -> Pipeline:
    """A pipeline without stages; each stored policy is a finding, because it does nothing."""
    return Pipeline(
        profile,
        endpoints_of(snapshot, EndpointView(every_container)),
        service_paths=(ServicePaths(ALWAYS, *(_OPEN,) * 7),),
        findings=tuple(
            Finding(
                "PolicyNotEnforced",
                Severity.HIGH,
                "stored by the API server, but no engine enforces it",
                each.ref,
            )
            for each in snapshot.policy_set.policies
        ),
    )


NONE = Engine(name="none", title="No policy engine", compile=compile_none)
