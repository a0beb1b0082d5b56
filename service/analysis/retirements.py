"""What an engine and a cluster rest on that ends some day, seen from a date."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from service.analysis.paths.pools import windows_pools
from service.analysis.rulebook.inputs import RuleInput
from service.knowledge import value
from service.model.engine import Version
from service.model.inventory import WINDOWS


@dataclass(frozen=True, slots=True)
class Retirement:
    """Something with an end, and who says so."""

    what: str
    date: date
    is_past: bool
    detail: str
    source: str
    as_of: str


def retirements(asked: RuleInput) -> tuple[Retirement, ...]:
    """The ends that concern an engine on a cluster, the earliest first.

    What the input does not tell, such as whether there are Windows nodes, counts as if it were so:
    a date too many does no harm.
    """
    found = (*_of_engine(asked), *_of_pools(asked), *_of_kubernetes(asked))
    return tuple(sorted(found, key=lambda each: (each.date, each.what)))


def _of_engine(asked: RuleInput) -> Iterator[Retirement]:
    plugin = asked.cluster.network_profile.network_plugin
    for each in value("retirements", "retirements"):
        if "engines" in each and asked.profile.engine not in each["engines"]:
            continue
        if each.get("nodeOs") == WINDOWS and asked.sight.has_windows is False:
            continue
        if "networkPlugin" in each and plugin != each["networkPlugin"]:
            continue
        yield _retirement(each, each["what"], each["detail"], asked.as_of)


def _of_pools(asked: RuleInput) -> Iterator[Retirement]:
    used = {each.os_sku for each in windows_pools(asked.cluster)}
    for each in value("retirements", "windowsVersions"):
        if each["osSku"] in used:
            detail = f"its images are deleted on {each['imagesDeleted']}"
            yield _retirement(each, each["title"], detail, asked.as_of)


def _of_kubernetes(asked: RuleInput) -> Iterator[Retirement]:
    runs = asked.kubernetes
    for each in value("retirements", "kubernetesVersions"):
        ends = Version.parse(each["kubernetes"])
        if runs is not None and (runs.major, runs.minor) == (ends.major, ends.minor):
            yield _retirement(each, f"Kubernetes {each['kubernetes']}", each["detail"], asked.as_of)


def _retirement(entry: Mapping[str, Any], what: str, detail: str, as_of: date) -> Retirement:
    end = date.fromisoformat(entry["date"])
    return Retirement(what, end, as_of >= end, detail, entry["source"], entry["asOf"])
