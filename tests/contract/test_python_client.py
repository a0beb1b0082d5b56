"""A Python client generated from openapi.yaml drives the running service through the story."""

from __future__ import annotations

import importlib
import io
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.contract.conftest import OPENAPI
from tests.running import running_service
from tests.web.story import LABELLED, PODS, POLICY

PACKAGE = "netverdict_generated_client"
# The generator knows neither type and takes them for what they are: files.
CONFIGURATION = """\
content_type_overrides:
  application/yaml: application/octet-stream
  application/x-ndjson: text/plain
post_hooks: []
"""


class Client:
    """The generated package: its models, and its operations by tag and name."""

    def __init__(self, base: str) -> None:
        self.models: Any = importlib.import_module(f"{PACKAGE}.models")
        self.types: Any = importlib.import_module(f"{PACKAGE}.types")
        client: Any = importlib.import_module(f"{PACKAGE}.client")
        self.client = client.Client(base_url=base)

    def ask(self, operation: str, *path: str, **arguments: Any) -> Any:
        """Call an operation given as `tag.name`; the whole response."""
        module: Any = importlib.import_module(f"{PACKAGE}.api.{operation}")
        return module.sync_detailed(*path, client=self.client, **arguments)

    def __call__(self, operation: str, *path: str, expect: int = 200, **arguments: Any) -> Any:
        """Call an operation; what its answer was parsed to."""
        answer = self.ask(operation, *path, **arguments)
        assert answer.status_code == expect, answer.content
        return answer.parsed

    def upload(self, text: str, replace: str = "all") -> Any:
        return self(
            "revisions.create_revision",
            "demo",
            expect=201,
            body=self.types.File(payload=io.BytesIO(text.encode())),
            replace=self.models.ReplacedPart(replace),
        )


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("client")
    configuration = folder / "configuration.yaml"
    configuration.write_text(CONFIGURATION)
    generated = subprocess.run(
        [
            str(Path(sys.executable).with_name("openapi-python-client")),
            *("generate", "--path", str(OPENAPI), "--output-path", str(folder / PACKAGE)),
            *("--meta", "none", "--config", str(configuration)),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert generated.returncode == 0, generated.stdout + generated.stderr
    sys.path.insert(0, str(folder))
    yield
    sys.path.remove(str(folder))
    for name in [each for each in sys.modules if each.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


@pytest.fixture
def client(package: None, sqlite_url: str, tmp_path: Path) -> Iterator[Client]:
    with running_service(sqlite_url, tmp_path) as service:
        made = Client(service.base)
        with made.client:
            yield made


@pytest.mark.slow
def test_every_operation_is_generated(package: None) -> None:
    described = yaml.safe_load(OPENAPI.read_text(encoding="utf-8"))
    operations = [
        (operation["tags"][0], operation["operationId"])
        for item in described["paths"].values()
        for method, operation in item.items()
        if method != "parameters"
    ]
    for tag, name in operations:
        module = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
        importlib.import_module(f"{PACKAGE}.api.{tag.replace('-', '_')}.{module}")


@pytest.mark.slow
def test_the_story(client: Client) -> None:
    models = client.models
    made = client(
        "clusters.create_cluster",
        expect=201,
        body=models.ClusterCreate(
            name="demo",
            engine=models.EngineChoice(name="npm"),
            network_profile=models.NetworkProfile(network_plugin="azure", network_policy="azure"),
        ),
    )
    assert made.engine.name == "npm"
    assert made.latest_revision is None
    assert made.created_at.tzinfo is not None

    numbers = [
        client.upload(PODS).number,
        client.upload(POLICY, "policies").number,
        client.upload(LABELLED, "inventory").number,
    ]
    assert numbers == [1, 2, 3]

    allow, deny = models.Decision.ALLOW, models.Decision.DENY
    expected = {1: allow, 2: deny, 3: allow}
    for engine in ("npm", "calico", "cilium", "none"):
        for number, decision in expected.items():
            verdict = _ask(client, number, engine)
            assert verdict.verdict == (allow if engine == "none" else decision)
    denied = _ask(client, 2, "npm").ingress
    assert [policy.name for policy in denied.isolated_by] == ["demo-policy"]
    assert denied.evidence[0].rule.startswith("/spec/ingress/0")
    assert "app" in denied.evidence[0].detail

    history = client(
        "evaluations.get_verdict_history",
        "demo",
        source_namespace="demo",
        source_pod="client",
        destination_namespace="demo",
        destination_pod="server",
        port="80",
        engine="npm",
    )
    assert [entry.verdict for entry in history.items] == [allow, deny, allow]
    assert history.items[1].flip.policies[0].policy.name == "demo-policy"
    assert {each.workload for each in history.items[2].flip.workloads} == {"Pod/client"}


@pytest.mark.slow
def test_the_rest_of_the_operations(client: Client) -> None:
    models, types = client.models, client.types
    assert client("service.get_readiness", verbose="true").checks
    engines = client("engines.list_engines").items
    assert "cilium" in {each.name for each in engines}
    assert client("engines.get_engine", "cilium").capabilities

    record = models.AksRecord.from_dict(
        {"name": "demo", "networkProfile": {"networkPlugin": "azure", "networkPolicy": "calico"}}
    )
    imported = client("clusters.import_cluster", expect=201, body=record)
    assert imported.cluster.engine.name == models.EngineName.CALICO
    patch = models.ClusterPatch.from_dict({"labels": {"env": "prod"}})
    patched = client.ask("clusters.update_cluster", "demo", body=patch)
    tag = patched.headers["ETag"]
    assert patched.parsed.labels["env"] == "prod"
    replaced = client(
        "clusters.replace_cluster",
        "demo",
        body=models.ClusterReplace(engine="cilium:1.17"),
        if_match=tag,
    )
    assert replaced.engine.version == "1.17"
    problem = client(
        "clusters.replace_cluster",
        "demo",
        expect=412,
        body=models.ClusterReplace(engine="npm"),
        if_match=tag,
    )
    assert isinstance(problem, models.Problem)
    assert problem.code == "VersionChanged"
    assert [each.name for each in client("clusters.list_clusters").items] == ["demo"]

    form = models.ManifestForm(
        manifests=[
            types.File(payload=io.BytesIO(text.encode()), file_name=f"{number}.yaml")
            for number, text in enumerate((PODS, POLICY))
        ]
    )
    revision = client("revisions.create_revision", "demo", expect=201, body=form)
    assert revision.counts.policies == 1
    assert client("revisions.get_revision", "demo", "latest").digest == revision.digest
    assert client("revisions.list_revisions", "demo").items[0].number == 1
    (policy,) = client("revisions.list_policies", "demo", "1").items
    assert policy.text.strip() == POLICY.strip()
    assert len(client("revisions.list_workloads", "demo", "1").items) == 2
    assert b"demo-policy" in client.ask("revisions.get_manifests", "demo", "1").content

    _ask(client, 1, "cilium")
    (evaluation,) = client("evaluations.list_evaluations", "demo", "1").items
    assert client("evaluations.get_evaluation", evaluation.id).verdicts[0].flow.port == 80
    assert (
        len(client("evaluations.list_verdicts", "demo", "1", verdict=models.Decision.DENY).items)
        == 1
    )

    assert client("clusters.delete_cluster", "demo", expect=409).code == "ClusterHasRevisions"
    client("clusters.delete_cluster", "demo", expect=204, cascade=True)
    assert client("clusters.get_cluster", "demo", expect=404).code == "ClusterNotFound"


@pytest.mark.slow
def test_reports(client: Client) -> None:
    models = client.models
    client(
        "clusters.create_cluster", expect=201, body=models.ClusterCreate(name="demo", engine="npm")
    )
    blocks = POLICY.replace(
        "podSelector: {matchLabels: {app: client}}", "ipBlock: {cidr: 10.0.0.0/8}"
    )
    client.upload(f"{LABELLED}---\n{blocks}")

    fit = client(
        "compatibility_reports.create_compatibility_report",
        "demo",
        "1",
        expect=201,
        body=models.CompatibilityReportCreate(engine="cilium", as_of=date(2026, 11, 22)),
    )
    assert fit.verdict == models.CompatibilityVerdict.UNKNOWN
    assert [row.count for row in fit.microsoft_validator.rows]
    listed = client("compatibility_reports.list_compatibility_reports", "demo", "1").items
    assert [each.id for each in listed] == [fit.id]
    again = client("compatibility_reports.get_compatibility_report", fit.id)
    assert again.to_dict() == fit.to_dict()
    findings = client("compatibility_reports.list_compatibility_findings", fit.id).items
    assert "FEAT-010" in {each.rule for each in findings}

    body = models.MigrationReportCreate(
        target="cilium",
        as_of=date(2026, 11, 22),
        facts=models.StatedFacts(terraform=False, disruption_budgets=[]),
    )
    create = "migration_reports.create_migration_report"
    move = client(create, "demo", "1", expect=201, body=body)
    assert client(create, "demo", "1", expect=200, body=body).id == move.id
    assert move.facts.terraform is False
    assert move.impact.pairs.newly_denied == 1
    assert move.path.steps[0].commands
    got = client("migration_reports.get_migration_report", move.id)
    assert got.digest == move.digest
    assert client("migration_reports.list_migration_reports", "demo", "1").items[0].id == move.id
    (line,) = client(
        "migration_reports.list_impacts", move.id, change=models.ConnectionChange.NEWLYDENIED
    ).items
    assert [cause.rule for cause in line.causes] == ["MIG-001"]
    groups = client("migration_reports.list_impact_groups", move.id).items
    assert groups[0].cause.rule == "MIG-001"
    assert client("migration_reports.list_remedies", move.id).items[0].patch
    assert client("migration_reports.list_migration_findings", move.id, rule="MIG-001").items
    (entry,) = client("migration_reports.list_readiness", "demo", target="cilium").items
    assert (entry.report, entry.change, entry.changes) == (move.id, None, None)

    assert client("rulebook.get_rule", "MIG-001").title
    assert client("rulebook.list_rules", severity=models.Severity.BLOCKER).items
    runbook = client("rulebook.list_runbooks").items[0]
    filled = client("rulebook.get_runbook", runbook.id, cluster="demo")
    assert "demo" in {each.value for each in filled.parameters}


def _ask(client: Client, revision: int, engine: str) -> Any:
    models = client.models
    flow = models.Flow(
        source=models.FlowSource(namespace="demo", pod="client"),
        destination=models.FlowDestination(namespace="demo", pod="server"),
        protocol="TCP",
        port=80,
    )
    made = client(
        "evaluations.create_evaluation",
        "demo",
        str(revision),
        expect=201,
        body=models.EvaluationCreate(flows=[flow], engine=engine),
    )
    return made.verdicts[0]
