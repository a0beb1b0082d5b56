"""The story of one policy, told to a running service over HTTP; the standard library suffices.

    python examples/demo.py http://127.0.0.1:8080

Every answer is checked: the exit status is 1 when one is not as the story says.
"""

from __future__ import annotations

import json
import sys
import textwrap
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).resolve().parent
ENGINES = ("npm", "calico", "cilium", "none")
Json = dict[str, Any]

CLIENT = {"namespace": "demo", "pod": "client"}
SERVER = {"namespace": "demo", "pod": "server"}
FLOW = {"source": CLIENT, "destination": SERVER, "protocol": "TCP", "port": 80}

FACTS = {"nodeCidrs": ["10.224.0.0/16"], "webhooks": [], "needsIcmp": False, "terraform": False}

DATABASE = {"namespace": "data", "service": "orders-db"}
MEANT = {
    "checkout/Deployment/orders",
    "data/CronJob/db-backup",
    "monitoring/Deployment/postgres-exporter",
}
HOLE = {"monitoring/Deployment/grafana", "monitoring/StatefulSet/prometheus"}
ON_A_NODE = {"monitoring/DaemonSet/node-exporter"}


class StoryError(Exception):
    """An answer that is not as the story says."""


@dataclass
class Service:
    """The service at a base address; every request and its status are printed."""

    base: str

    def get(self, path: str, **query: str | int) -> Json:
        return self._ask("GET", path + ("?" + urllib.parse.urlencode(query) if query else ""))

    def post(self, path: str, body: Json, shown: str = "") -> Json:
        text = json.dumps(body)
        return self._ask("POST", path, text.encode(), "application/json", shown or text)

    def upload(self, path: str, *files: Path) -> Json:
        """Post manifests as they are on disk; each file begins with a document separator."""
        text = b"".join(file.read_bytes() for file in files)
        shown = " ".join(str(file.relative_to(EXAMPLES.parent)) for file in files)
        return self._ask("POST", path, text, "application/yaml", shown)

    def _ask(
        self, method: str, path: str, body: bytes | None = None, kind: str = "", shown: str = ""
    ) -> Json:
        print(f"\n  {method} {path}")
        for line in textwrap.wrap(shown, 92):
            print(f"  > {line}")
        headers = {"Accept": "application/json", **({"Content-Type": kind} if kind else {})}
        request = urllib.request.Request(self.base + path, body, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                print(f"  < {answer.status} {answer.reason}")
                read: Json = json.load(answer)
                return read
        except urllib.error.HTTPError as error:
            print(f"  < {error.code} {error.reason}")
            problem = error.read().decode(errors="replace")
            raise StoryError(f"{method} {path} was refused: {problem}") from error


def main() -> int:
    if len(sys.argv) != 2:
        print(f"usage: {sys.argv[0]} http://HOST:PORT", file=sys.stderr)
        return 2
    service = Service(sys.argv[1].rstrip("/"))
    try:
        open_namespace(service)
        policy_arrives(service)
        client_gets_its_label(service)
        history(service)
        shop(service)
        move_to_cilium(service)
    except (StoryError, OSError) as error:
        print(f"\nThe story went wrong. {error}", file=sys.stderr)
        return 1
    print("\nEvery answer was as the story says.")
    return 0


def open_namespace(service: Service) -> None:
    title("1. A cluster with Azure NPM on Linux, two pods and no policy")
    cluster = service.post(
        "/v1/clusters",
        {
            "name": "demo",
            "engine": {"name": "npm"},
            "networkProfile": {"networkPlugin": "azure", "networkPolicy": "azure"},
        },
    )
    expect(cluster["engine"]["name"], "npm")
    revision = service.upload("/v1/clusters/demo/revisions", quickstart("pods.yaml"))
    say(f"revision {revision['number']}, {revision['digest'][:19]}...")
    expect(revision["number"], 1)
    for engine in ENGINES:
        expect(ask(service, 1, engine)["verdict"], "Allow")
    say("Nothing isolates the server, so the client connects on every engine.")


def policy_arrives(service: Service) -> None:
    title("2. demo-policy: only pods with app=client may reach app=server on TCP 80")
    revision = service.upload(
        "/v1/clusters/demo/revisions?replace=policies", quickstart("demo-policy.yaml")
    )
    expect(revision["number"], 2)
    for engine in ENGINES:
        verdict = ask(service, 2, engine)
        if engine == "none":
            expect(verdict["verdict"], "Allow")
            continue
        expect(verdict["verdict"], "Deny")
        expect([policy["name"] for policy in verdict["ingress"]["isolatedBy"]], ["demo-policy"])
        expect("app=client" in json.dumps(verdict["ingress"]["evidence"]), True)
    say("The client lacks app=client. Without an engine nobody enforces the policy.")


def client_gets_its_label(service: Service) -> None:
    title("3. The client gets the label app=client")
    revision = service.upload(
        "/v1/clusters/demo/revisions?replace=inventory", quickstart("client-labelled.yaml")
    )
    expect(revision["number"], 3)
    for engine in ENGINES:
        verdict = ask(service, 3, engine)
        expect(verdict["verdict"], "Allow")
        if engine != "none":
            rules = [(found["policy"]["name"], found["rule"]) for found in evidence(verdict)]
            expect(("demo-policy", "/spec/ingress/0") in rules, True)
    say("The rule of demo-policy matches now.")


def history(service: Service) -> None:
    title("4. Looking back: when did the answer change, and what changed it?")
    entries = service.get(
        "/v1/clusters/demo/verdicts",
        sourceNamespace="demo",
        sourcePod="client",
        destinationNamespace="demo",
        destinationPod="server",
        protocol="TCP",
        port=80,
        engine="npm",
    )["items"]
    for entry in entries:
        say(f"revision {entry['revision']}: {entry['verdict']}")
        flip = entry.get("flip")
        if flip:
            say(f"  was {flip['from']} until revision {flip['previousRevision']}")
            for change in flip["policies"]:
                say(f"  policy {change['policy']['name']} {change['change']}")
            for change in flip["workloads"]:
                say(f"  {change['namespace']}/{change['workload']} {change['change']}")
    expect([entry["verdict"] for entry in entries], ["Allow", "Deny", "Allow"])
    expect([bool(entry.get("flip")) for entry in entries], [False, True, True])
    expect([change["policy"]["name"] for change in entries[1]["flip"]["policies"]], ["demo-policy"])
    expect({change["workload"] for change in entries[2]["flip"]["workloads"]}, {"Pod/client"})


def shop(service: Service) -> None:
    title("5. A shop of fourteen workloads: who can reach the database?")
    azure = json.loads((EXAMPLES / "azure" / "shop.json").read_text())
    service.post(
        "/v1/clusters:import", azure, "examples/azure/shop.json, as az aks show printed it"
    )
    files = sorted((EXAMPLES / "shop").glob("*.yaml"))
    revision = service.upload("/v1/clusters/shop/revisions", *files)
    counts = revision["counts"]
    say(f"{counts['workloads']} workloads, {counts['policies']} policies")
    here = f"/v1/clusters/shop/revisions/{revision['number']}"
    sources = [
        item
        for item in service.get(f"{here}/workloads", pageSize=200)["items"]
        if item["workload"] != "StatefulSet/orders-db"
    ]
    flows = [
        {
            "source": {"namespace": item["namespace"], "workload": item["workload"]},
            "destination": DATABASE,
            "protocol": "TCP",
            "port": 5432,
        }
        for item in sources
    ]
    answers: dict[str, list[Json]] = {}
    for engine in ENGINES:
        shown = (
            f'{{"engine": "{engine}", "flows": [{len(flows)} flows to data/orders-db, TCP 5432]}}'
        )
        answers[engine] = service.post(
            f"{here}/evaluations", {"engine": engine, "flows": flows}, shown
        )["verdicts"]
    table(sources, answers)


def move_to_cilium(service: Service) -> None:
    title("6. The shop moves from Azure NPM to Cilium: what breaks, and what is to be done?")
    report = service.post(
        "/v1/clusters/shop/revisions/latest/migration-reports",
        {"target": "cilium", "facts": FACTS},
    )
    say(f"{report['source']['profile']} to {report['target']['profile']}: {report['verdict']}")
    for reason in report["reasons"]:
        say(f"  {reason}")
    for step in report["path"]["steps"]:
        say(f"  {step['id']} {step['title']}")
    expect(report["impact"]["unexplainedCount"], 0)
    changed = service.get(f"/v1/migration-reports/{report['id']}/impacts", pageSize=1000)["items"]
    ask_again(service, report, changed)
    closed = [each for each in changed if each["change"] == "newlyDenied"]
    expect([each for each in closed if not each["causes"]], [])
    on_nodes = [each for each in closed if "MIG-004" in rules_of(each)]
    expect(len(on_nodes) >= 10, True)
    say(f"{len(on_nodes)} connections close to the node that a pod runs on (MIG-004): NPM always")
    say("lets pods reach it, Cilium asks the policies. The report has the CiliumNetworkPolicies.")


def rules_of(change: Json) -> set[str]:
    return {cause["rule"] for cause in change["causes"]}


def ask_again(service: Service, report: Json, changed: list[Json]) -> None:
    """Ask both engines about a flow of each connection that changes."""
    certain = [each for each in changed if each["change"] != "newlyUnknown"]
    flows = [each["witness"] for each in certain]
    for side, member in (("source", "before"), ("target", "after")):
        engine = report[side]["profile"]
        answers = service.post(
            "/v1/clusters/shop/revisions/latest/evaluations?dryRun=true",
            {"engine": engine, "flows": flows},
            f'{{"engine": "{engine}", "flows": [{len(flows)} flows that change]}}',
        )["verdicts"]
        for one, answer in zip(certain, answers, strict=True):
            decided = {one[member], "Unknown"} if "placement" in one else {one[member]}
            expect(answer["verdict"] in decided, True)


def ask(service: Service, revision: int, engine: str) -> Json:
    """Ask about the one flow of the story, and print the verdict with what decided it."""
    evaluation = service.post(
        f"/v1/clusters/demo/revisions/{revision}/evaluations",
        {"engine": engine, "flows": [FLOW]},
        f'{{"engine": "{engine}", "flows": [client -> server, TCP 80]}}',
    )
    verdict: Json = evaluation["verdicts"][0]
    say(f"{engine}: {verdict['verdict']}")
    for found in evidence(verdict):
        policy = (found.get("policy") or {}).get("name", "-")
        told = found.get("detail") or found["reason"]
        say(f"  {policy} {found.get('rule', '')} {found['effect']}: {told}")
    return verdict


def evidence(verdict: Json) -> list[Json]:
    return [found for side in ("egress", "ingress") for found in verdict[side]["evidence"]]


def table(sources: list[Json], answers: dict[str, list[Json]]) -> None:
    """Print who reaches the database on which engine, and check it against the shop's README."""
    print()
    say("".join(["source".ljust(42), *(engine.ljust(9) for engine in answers)]))
    holes = set()
    for position, source in enumerate(sources):
        name = f"{source['namespace']}/{source['workload']}"
        verdicts = {engine: rows[position]["verdict"] for engine, rows in answers.items()}
        found = answers["npm"][position]
        remark = ""
        if name in HOLE:
            remark = "not meant"
            holes |= {
                (each["policy"]["name"], each["rule"]) for each in found["ingress"]["evidence"]
            }
        if name in ON_A_NODE:
            remark = ", ".join(assumption["code"] for assumption in found["assumptions"])
        say("".join([name.ljust(42), *(verdict.ljust(9) for verdict in verdicts.values()), remark]))
        for engine, verdict in verdicts.items():
            expect(verdict, "Allow" if engine == "none" else should_be(name))
    expect(holes, {("orders-db", "/spec/ingress/1")})
    print()
    say(
        "Grafana and Prometheus were not meant to reach the database. What lets them in is the rule"
    )
    say("/spec/ingress/1 of the policy orders-db: examples/shop/README.md tells the slip in it.")


def should_be(name: str) -> str:
    if name in MEANT | HOLE:
        return "Allow"
    return "Unknown" if name in ON_A_NODE else "Deny"


def quickstart(name: str) -> Path:
    return EXAMPLES / "quickstart" / name


def title(text: str) -> None:
    print(f"\n{text}\n{'-' * len(text)}")


def say(text: str) -> None:
    print(f"    {text}", flush=True)


def expect(found: object, wanted: object) -> None:
    if found != wanted:
        raise StoryError(f"Expected {wanted!r}, found {found!r}.")


if __name__ == "__main__":
    sys.exit(main())
