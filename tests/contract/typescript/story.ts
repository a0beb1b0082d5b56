// Uses the client types that are generated from openapi.yaml; it only has to compile.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema";

type Flow = components["schemas"]["Flow"];
type Problem = components["schemas"]["Problem"];
type Verdict = components["schemas"]["Verdict"];

const client = createClient<paths>({ baseUrl: "http://127.0.0.1:8080" });

function told(problem: Problem): Error {
  const places = (problem.errors ?? []).map((each) => `${each.pointer ?? ""} ${each.detail}`);
  return new Error([problem.code, problem.detail, ...places, problem.requestId].join("\n"));
}

export async function register(name: string): Promise<string> {
  const { data, error } = await client.PUT("/v1/clusters/{cluster}", {
    params: { path: { cluster: name }, header: { "If-None-Match": "*" } },
    body: {
      engine: { name: "npm" },
      networkProfile: { networkPlugin: "azure", podCidrs: ["10.244.0.0/16"] },
      nodePools: [{ name: "pool1", osType: "Linux", count: 3 }],
    },
  });
  if (error) throw told(error);
  const engine: components["schemas"]["EngineChoice"] | undefined = data.engine;
  return engine?.name ?? "none";
}

export async function upload(cluster: string, manifests: string): Promise<number> {
  const { data, error } = await client.POST("/v1/clusters/{cluster}/revisions", {
    params: { path: { cluster }, query: { replace: "policies", note: "from a pipeline" } },
    body: manifests,
    bodySerializer: (body) => body as string,
    headers: { "Content-Type": "application/yaml" },
  });
  if (error) throw told(error);
  const digest: string = data.digest;
  const parent: number | null = data.parent;
  return digest.length > 0 && parent !== data.number ? data.number : 0;
}

export async function ask(cluster: string, revision: number, flow: Flow): Promise<Verdict> {
  const { data, error } = await client.POST(
    "/v1/clusters/{cluster}/revisions/{revision}/evaluations",
    {
      params: { path: { cluster, revision: String(revision) } },
      body: { engine: "cilium:1.17", flows: [flow] },
    },
  );
  if (error) throw told(error);
  const verdict = data.verdicts[0];
  if (verdict === undefined) throw new Error("no verdict");
  const decision: "Allow" | "Deny" | "Unknown" = verdict.verdict;
  const names: string[] = verdict.ingress.isolatedBy.map((policy) => policy.name);
  console.log(decision, names, verdict.groups?.length ?? 1);
  return verdict;
}

export async function* clusters(): AsyncGenerator<components["schemas"]["Cluster"]> {
  let pageToken: string | undefined;
  do {
    const { data, error } = await client.GET("/v1/clusters", {
      params: { query: { pageSize: 100, ...(pageToken ? { pageToken } : {}) } },
    });
    if (error) throw told(error);
    yield* data.items;
    pageToken = data.nextPageToken ?? undefined;
  } while (pageToken !== undefined);
}

export async function flips(cluster: string): Promise<string[]> {
  const { data, error } = await client.GET("/v1/clusters/{cluster}/verdicts", {
    params: {
      path: { cluster },
      query: {
        sourceNamespace: "demo",
        sourcePod: "client",
        destinationNamespace: "demo",
        destinationPod: "server",
        port: "80",
      },
    },
  });
  if (error) throw told(error);
  return data.items.flatMap((entry) =>
    entry.flip ? [`${entry.flip.from} to ${entry.flip.to} by ${entry.flip.policies.length}`] : [],
  );
}

export async function move(cluster: string, revision: number): Promise<string[]> {
  const { data, error } = await client.POST(
    "/v1/clusters/{cluster}/revisions/{revision}/migration-reports",
    {
      params: { path: { cluster, revision: String(revision) } },
      body: { target: "cilium", asOf: "2026-11-22", facts: { terraform: false, hostPorts: [] } },
    },
  );
  if (error) throw told(error);
  const verdict: "Safe" | "SafeWithFixes" | "Unsafe" | "Blocked" | "Unknown" = data.verdict;
  const commands: string[] = data.path.steps.flatMap((step) => step.commands.map((each) => each.text));
  if (data.id === null) throw new Error("a dry run");
  const impacts = await client.GET("/v1/migration-reports/{report}/impacts", {
    params: { path: { report: data.id }, query: { change: "newlyDenied", pageSize: 10 } },
  });
  if (impacts.error) throw told(impacts.error);
  if (typeof impacts.data === "string") throw new Error("lines were not asked for");
  const causes = impacts.data.items.flatMap((line) => line.causes.map((cause) => cause.rule));
  console.log(verdict, causes, data.impact.pairs.newlyDenied, data.during?.worst);
  return commands;
}

// What the description rules out must not compile.
// @ts-expect-error a flow needs a destination
export const incomplete: Flow = { source: { ip: "10.0.0.1" } };
// @ts-expect-error a decision is one of three words
export const strange: components["schemas"]["Decision"] = "Perhaps";
// @ts-expect-error a migration needs a target
export const nowhere: components["schemas"]["MigrationReportCreate"] = { source: "npm" };
