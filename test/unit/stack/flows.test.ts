import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { deploy, find, type RequestedResource } from "../support/deploy";
import { wholeStack } from "../support/fixtures";
import { podOf, type Workload, workloadsOf } from "../support/pods";

interface PolicyPeer {
  namespaceSelector?: { matchLabels: Record<string, string> };
  podSelector?: { matchLabels?: Record<string, string> };
  ipBlock?: object;
}

interface NetworkPolicySpec {
  podSelector: { matchLabels?: Record<string, string> };
  policyTypes: string[];
  ingress?: { from: PolicyPeer[]; ports: { port: number }[] }[];
  egress?: { to: PolicyPeer[]; ports?: { port: number }[] }[];
}

interface Policy {
  namespace: string;
  spec: NetworkPolicySpec;
}

/** Traffic that both ends allow, as `from -> to:port`. */
type Flow = string;

describe("the network policies of the whole stack", () => {
  let workloads: Workload[];
  let policies: Policy[];
  let namespaceLabels: Map<string, Record<string, string>>;

  before(async () => {
    const { resources } = await deploy(() => wholeStack());
    workloads = workloadsOf(resources);
    policies = ofKind(resources, "NetworkPolicy").map(({ inputs }) => ({
      namespace: (inputs["metadata"] as { namespace: string }).namespace,
      spec: inputs["spec"] as NetworkPolicySpec,
    }));
    namespaceLabels = new Map(
      ofKind(resources, "Namespace").map(({ inputs }) => {
        const { name, labels } = inputs["metadata"] as { name: string; labels: Record<string, string> };
        return [name, { ...labels, "kubernetes.io/metadata.name": name }];
      }),
    );
  });

  test("deny everything by default, in both directions, in every namespace", () => {
    for (const namespace of namespaceLabels.keys()) {
      const denying = policies.filter(
        (policy) =>
          policy.namespace === namespace &&
          Object.keys(policy.spec.podSelector).length === 0 &&
          policy.spec.policyTypes.length === 2 &&
          policy.spec.ingress === undefined &&
          policy.spec.egress === undefined,
      );
      assert.equal(denying.length, 1, namespace);
    }
  });

  test("allow exactly this traffic between pods", () => {
    assert.deepEqual(flowsBetweenPods(), [
      "fluentd-aggregator -> influxdb:8086",
      "grafana -> alertmanager:9093",
      "grafana -> influxdb:8086",
      "influxdb -> alertmanager:9093",
      "influxdb-reconcile -> influxdb:8086",
      "penguins-api -> fluentd-aggregator:24224",
      "penguins-api-drift -> fluentd-aggregator:24224",
      "penguins-api-drift -> influxdb:8086",
      "penguins-api-drift -> penguins-api:8080",
      "penguins-training -> fluentd-aggregator:24224",
      "penguins-training -> penguins-api:8080",
      "telegraf -> alertmanager:9093",
      "telegraf -> fluentd-aggregator:24220",
      "telegraf -> influxdb:8086",
      "telegraf -> penguins-api:8080",
    ]);
  });

  test("allow what the pull side and OpenTelemetry need, where they are on, and nothing else more", async () => {
    const { resources } = await deploy(() => wholeStack({ telegraf: { podMetrics: {}, otlp: {} } }));
    const { ingress, egress } = find(resources, "NetworkPolicy", "monitoring-telegraf").inputs[
      "spec"
    ] as NetworkPolicySpec;
    const sending = { namespaceSelector: { matchLabels: { "ds-monitoring/sends-logs": "true" } } };
    assert.deepEqual(ingress, [{ from: [sending], ports: [{ port: 4317, protocol: "TCP" }] }]);
    assert.deepEqual(egress?.at(-1), {
      to: [{ namespaceSelector: {}, podSelector: { matchLabels: { "ds-monitoring/metrics": "true" } } }],
      ports: [{ port: 1, endPort: 65535, protocol: "TCP" }],
    });
    const logs = find(resources, "NetworkPolicy", "penguins-logs").inputs["spec"] as NetworkPolicySpec;
    assert.deepEqual(
      logs.egress?.map(({ ports }) => ports?.[0]?.port),
      [24224, undefined, 4317],
    );
    const { metadata } = find(resources, "Service", "monitoring-telegraf").inputs as {
      metadata: { name: string };
    };
    const variables = podOf(resources, "Deployment penguins-api").containers[0]?.env;
    assert.equal(
      variables?.find(({ name }) => name === "OTEL_EXPORTER_OTLP_ENDPOINT")?.value,
      `http://${metadata.name}.monitoring.svc:4317`,
    );
  });

  test("allow the API server's ports that are given, and never none", async () => {
    const { resources } = await deploy(() => wholeStack({ apiServerPorts: [8443] }));
    for (const name of ["monitoring-telegraf", "monitoring-grafana"]) {
      const { egress } = find(resources, "NetworkPolicy", name).inputs["spec"] as NetworkPolicySpec;
      const nodes = egress?.find(
        ({ to, ports }) => to[0]?.ipBlock !== undefined && ports?.[0]?.port === 8443,
      );
      assert.ok(nodes, name);
    }
    await assert.rejects(
      deploy(() => wholeStack({ apiServerPorts: [] })),
      /apiServerPorts must be at least one port/,
    );
  });

  test("allow exactly this traffic out of the cluster", () => {
    const flows = workloads.flatMap((from) =>
      rules(from, "egress").flatMap(({ peers, ports }) =>
        peers.some((peer) => peer.ipBlock !== undefined)
          ? (ports ?? ["every port"]).map((port) => `${titleOf(from)}:${port}`)
          : [],
      ),
    );
    assert.deepEqual(flows.sort(), [
      "alertmanager:587",
      "grafana:443",
      "grafana:6443",
      "telegraf:10250",
      "telegraf:443",
      "telegraf:6443",
      "telegraf:8080",
    ]);
  });

  /** Traffic that the sender's and the receiver's policies both allow. */
  function flowsBetweenPods(): Flow[] {
    const flows = workloads.flatMap((from) =>
      workloads
        .filter((to) => to !== from)
        .flatMap((to) => {
          const out = rules(from, "egress").filter(({ peers }) =>
            peers.some((peer) => selects(peer, from, to)),
          );
          const into = rules(to, "ingress").filter(({ peers }) =>
            peers.some((peer) => selects(peer, to, from)),
          );
          const allowed = (port: number) =>
            out.some(({ ports }) => ports === undefined || ports.includes(port));
          const ports = new Set(into.flatMap((rule) => (rule.ports ?? []).filter(allowed)));
          return [...ports].map((port) => `${titleOf(from)} -> ${titleOf(to)}:${port}`);
        }),
    );
    return [...new Set(flows)].sort();
  }

  function rules(of: Workload, direction: "ingress" | "egress"): { peers: PolicyPeer[]; ports?: number[] }[] {
    return policies
      .filter(
        ({ namespace, spec }) =>
          namespace === of.namespace && matches(spec.podSelector.matchLabels, of.labels),
      )
      .flatMap(({ spec }) =>
        direction === "ingress"
          ? (spec.ingress ?? []).map(({ from, ports }) => ({
              peers: from,
              ports: ports.map(({ port }) => port),
            }))
          : (spec.egress ?? []).map(({ to, ports }) => ({
              peers: to,
              ports: ports?.map(({ port }) => port),
            })),
      );
  }

  function selects(peer: PolicyPeer, owner: Workload, other: Workload): boolean {
    if (peer.ipBlock !== undefined) return false;
    const sameNamespace = owner.namespace === other.namespace;
    const namespaceFits =
      peer.namespaceSelector === undefined
        ? sameNamespace
        : matches(peer.namespaceSelector.matchLabels, namespaceLabels.get(other.namespace) ?? {});
    return namespaceFits && matches(peer.podSelector?.matchLabels, other.labels);
  }
});

function titleOf(workload: Workload): string {
  return workload.labels["app.kubernetes.io/name"] ?? workload.title;
}

function ofKind(resources: RequestedResource[], kind: string): RequestedResource[] {
  return resources.filter(({ type }) => type.startsWith("kubernetes:") && type.endsWith(`:${kind}`));
}

function matches(wanted: Record<string, string> | undefined, labels: Record<string, string>): boolean {
  return Object.entries(wanted ?? {}).every(([key, value]) => labels[key] === value);
}
