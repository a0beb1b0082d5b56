"""Questions to the rulebook asked over HTTP: a cluster, an upload, and a report on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import count
from typing import Any

from service.analysis.rulebook.inputs import RuleInput
from service.manifests import aks_record
from service.model.cluster import ClusterRecord
from service.model.engine import EngineProfile
from service.usecases.cluster_json import record_document
from service.usecases.stated_json import facts_document
from tests.builders import Manifest
from tests.unit.rulebook.questions import Question
from tests.web.conftest import Api, Json

_RESOURCE = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg"
    "/providers/Microsoft.ContainerService/managedClusters/"
)
_numbers = count(1)


@dataclass(frozen=True)
class Reported:
    """A report as it was answered, with the means to ask for more of it."""

    api: Api
    path: str
    body: Json

    def answer(self, rule: str) -> Json | None:
        """What a rule answers; None where the report does not ask it."""
        found = [each for each in self.body["rules"] if each["rule"] == rule]
        assert len(found) <= 1, found
        return found[0] if found else None

    def findings(self, rule: str = "") -> list[Json]:
        """Every finding, or those of a rule."""
        return list(pages(self.api, f"{self.path}/findings", {"rule": rule} if rule else {}))

    def impacts(self, **filters: str) -> list[Json]:
        """The exact connections that change."""
        return list(pages(self.api, f"{self.path}/impacts", filters))


def pages(api: Api, path: str, query: Mapping[str, Any], most: int = 1000) -> Iterator[Json]:
    """The items of a list, page by page; at most so many pages are asked for."""
    asked = {"pageSize": 200, **query}
    for _ in range(most):
        found = api.get(path, query_string=asked)
        yield from found["items"]
        if not found.get("nextPageToken"):
            return
        asked["pageToken"] = found["nextPageToken"]


def choice(profile: EngineProfile) -> Json:
    """A profile as requests name it."""
    found: Json = {"name": profile.engine}
    if profile.version is not None:
        found["version"] = str(profile.version)
    if profile.options:
        found["options"] = dict(profile.options)
    return found


def register(api: Api, record: ClusterRecord, engine: EngineProfile) -> str:
    """A new cluster with this record; where nothing in it tells its engine, with that one."""
    name = f"case-{next(_numbers)}"
    if record.azure_resource_id is not None:
        # A cluster of Azure can be registered once.
        record = replace(record, azure_resource_id=_RESOURCE + name)
    document = record_document(record)
    if record.engine is None and stated_engine(record) is None:
        document["engine"] = choice(engine)
    api.post("/v1/clusters", {"name": name, **document})
    return f"/v1/clusters/{name}"


def stated_engine(record: ClusterRecord) -> str | None:
    """The engine that the network profile of a record tells by itself."""
    network = record.network_profile
    told = network.network_policy is not None or network.network_dataplane == "cilium"
    choice = aks_record.stated_engine(network)[0] if told else None
    return choice.name if choice else None


def upload(api: Api, cluster: str, manifests: Sequence[Manifest]) -> str:
    """The address of the revision that an upload makes."""
    listed = {"apiVersion": "v1", "kind": "List", "items": list(manifests)}
    made = api.post(f"{cluster}/revisions", listed)
    return f"{cluster}/revisions/{made['number']}"


def report_on(api: Api, revision: str, asked: RuleInput, as_of: date | None = None) -> Reported:
    """The report that a question asks for, made on a revision and read again."""
    body: Json = {"asOf": (as_of or asked.as_of).isoformat()}
    if facts := facts_document(asked.stated):
        body["facts"] = facts
    if asked.source is None:
        return make_report(
            api, f"{revision}/compatibility-reports", {**body, "engine": choice(asked.profile)}
        )
    assert asked.target is not None
    target = asked.target
    body |= {"source": choice(asked.source), "target": target.profile.engine}
    if target.profile.version is not None:
        body["targetVersion"] = str(target.profile.version)
    if target.profile.options:
        body["targetOptions"] = dict(target.profile.options)
    if target.ipam is not None:
        body["targetIpam"] = target.ipam.value
    if target.pod_cidr is not None:
        body["targetPodCidr"] = target.pod_cidr
    return make_report(api, f"{revision}/migration-reports", body)


def make_report(api: Api, collection: str, body: Json) -> Reported:
    """A report made by POST, and what GET then answers for it."""
    made = api("POST", collection, 201, json=body)
    path = made.headers["Location"]
    return Reported(api, path, api.get(path))


def report(api: Api, asked: Question) -> Reported:
    """The report that a question asks for, on a cluster of its own."""
    cluster = register(api, asked.cluster, asked.source or asked.profile)
    return report_on(api, upload(api, cluster, asked.manifests), asked)
