import assert from "node:assert/strict";
import { test } from "node:test";
import { apiServerPorts } from "../../../components/kubernetes/apiServer";
import { checkerOf, DefinitionUnavailableError } from "../../support/customResources";
import { deploy, find, valueOf } from "../support/deploy";
import { email, platform, wholeStack } from "../support/fixtures";

interface CiliumSpec {
  endpointSelector: { matchLabels: Record<string, string> };
  egress: { toEntities: string[]; toPorts: { ports: { port: string; protocol: string }[] }[] }[];
}

interface NetworkPolicySpec {
  egress: { to: object[]; ports: { port: number }[] }[];
}

// The version of AKS with Kubernetes 1.34 and 1.35 is 1.18.6; the schema of these fields is the same.
const definition = {
  module: "github.com/cilium/cilium@v1.18.4",
  sum: "h1:/HrbeMmk46UDkJs4uJemIqxB7wuZ+QRMNVscNYua5C8=",
  file: "pkg/k8s/apis/cilium.io/client/crds/v2/ciliumnetworkpolicies.yaml",
};

const kind = ":CiliumNetworkPolicy";

test("where Cilium enforces the policies, Telegraf and Grafana reach the API server, and Telegraf the nodes", async () => {
  const { resources } = await deploy(() => wholeStack({ cilium: true }));
  const policies = resources.filter(({ type }) => type.endsWith(kind));
  const ports = (name: string) => {
    const { endpointSelector, egress } = find(resources, kind, `monitoring-${name}-api-server`).inputs[
      "spec"
    ] as CiliumSpec;
    assert.equal(endpointSelector.matchLabels["app.kubernetes.io/name"], name);
    assert.equal(egress.length, 1);
    assert.deepEqual(egress[0]?.toEntities, ["host", "remote-node", "kube-apiserver"]);
    return egress[0]?.toPorts.flatMap((rule) => rule.ports.map(({ port }) => port));
  };
  assert.equal(policies.length, 2);
  assert.deepEqual(ports("telegraf"), ["443", "6443", "10250"]);
  assert.deepEqual(ports("grafana"), ["443", "6443"]);
});

test("elsewhere there are none, whose kind the cluster would not know", async () => {
  const { resources } = await deploy(() => wholeStack());
  assert.deepEqual(
    resources.filter(({ type }) => type.endsWith(kind)),
    [],
  );
});

test("they are what Cilium's own definition of the kind allows", async (t) => {
  const check = await checkerOf(definition, "v2").catch((error: unknown) => {
    if (!(error instanceof DefinitionUnavailableError)) throw error;
    t.skip(error.message);
  });
  if (check === undefined) return;
  const { resources } = await deploy(() => wholeStack({ cilium: true }));
  for (const { inputs } of resources.filter(({ type }) => type.endsWith(kind))) {
    assert.deepEqual(check(inputs), []);
    const wrong = structuredClone(inputs) as { spec: CiliumSpec };
    wrong.spec.egress[0]?.toEntities.push("nodes");
    assert.match(check(wrong).join(), /toEntities/);
    assert.match(check({ ...inputs, spec: { podSelector: {} } }).join(), /podSelector/);
  }
});

test("an existing part, a mail relay and a probed API inside of the cluster are named by their namespace", async () => {
  const { resources } = await deploy(() =>
    platform({
      influxDb: {
        existing: {
          url: "http://influxdb.data.svc.cluster.local:80",
          podPort: 8086,
          organization: "acme",
          operatorToken: "t",
        },
      },
      alertmanager: { deploy: { email: { ...email, smarthost: "relay.mail.svc:25", podPort: 2525 } } },
      telegraf: { probes: [{ service: "churn", url: "http://churn.models.svc:8080/ready" }] },
    }),
  );
  const peers = (policy: string, port: number) => {
    const { spec } = find(resources, "NetworkPolicy", policy).inputs as { spec: NetworkPolicySpec };
    const rules = spec.egress.filter(({ ports }) => ports.some((each) => each.port === port));
    return rules.flatMap(({ to }) => to);
  };
  const anywhere = { ipBlock: { cidr: "0.0.0.0/0", except: ["169.254.169.254/32"] } };
  const namespace = (name: string) => ({
    namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } },
    podSelector: {},
  });
  for (const part of ["fluentd-aggregator", "grafana", "influxdb-reconcile", "telegraf"]) {
    assert.deepEqual(peers(`monitoring-${part}`, 8086), [namespace("data"), anywhere], part);
  }
  assert.deepEqual(peers("monitoring-alertmanager", 2525), [namespace("mail"), anywhere]);
  assert.deepEqual(peers("monitoring-telegraf", 8080).slice(-2), [namespace("models"), anywhere]);
});

test("a host outside of the cluster has no namespace", async () => {
  const { resources } = await deploy(() => platform());
  const { spec } = find(resources, "NetworkPolicy", "monitoring-alertmanager").inputs as {
    spec: NetworkPolicySpec;
  };
  assert.equal(spec.egress[0]?.to.length, 1);
});

test("the API server's ports come before those of nodes", async () => {
  assert.deepEqual(await valueOf(apiServerPorts({ apiServerPorts: [8443] }, 10250)), [8443, 10250]);
});
