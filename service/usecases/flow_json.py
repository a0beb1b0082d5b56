"""Flows and verdicts as JSON, in the shapes of design.md; HTTP and the command line share them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.model.flow import DestinationEnd, Flow
from service.model.verdict import Verdict


def read_flow(document: Mapping[str, Any], pointer: str = "") -> Flow:
    """The flow of a JSON object; `Invalid` lists every fault below `pointer`."""
    raise NotImplementedError


def flow_body(flow: Flow) -> dict[str, Any]:
    """The flow as JSON values."""
    raise NotImplementedError


def describe_end(end: DestinationEnd) -> str:
    """A short text such as `pod:web/front-7d9`, `workload:web/Deployment/front`,
    `selector:web?app=front`, `node:aks-1`, `ip:203.0.113.9` or `service:web/front`."""
    raise NotImplementedError


def verdict_body(verdict: Verdict) -> dict[str, Any]:
    """The verdict as JSON values: `flow`, `verdict`, `egress`, `ingress`, `assumptions`, `groups`."""
    raise NotImplementedError
