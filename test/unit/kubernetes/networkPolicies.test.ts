import assert from "node:assert/strict";
import { test } from "node:test";
import {
  allowDnsSpec,
  allowSpec,
  anyAddress,
  defaultDenySpec,
  podsLabelled,
  tcp,
} from "../../../components/kubernetes/networkPolicies";

test("the default selects every pod and allows nothing", () => {
  assert.deepEqual(defaultDenySpec(), { podSelector: {}, policyTypes: ["Ingress", "Egress"] });
});

test("DNS goes to the cluster's resolver only", () => {
  assert.deepEqual(allowDnsSpec().egress, [
    {
      to: [
        {
          namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
          podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
        },
      ],
      ports: [
        { port: 53, protocol: "UDP" },
        { port: 53, protocol: "TCP" },
      ],
    },
  ]);
});

test("where labels select some pods, only these are closed but for DNS", () => {
  const podLabels = { app: "a" };
  for (const spec of [defaultDenySpec(podLabels), allowDnsSpec(podLabels)]) {
    assert.deepEqual(spec.podSelector, { matchLabels: podLabels });
  }
});

test("a direction without rules is not mentioned, so that the default decides", () => {
  const spec = allowSpec({
    podLabels: { app: "a" },
    egress: [{ to: [podsLabelled({ app: "b" })], ports: tcp(8086) }],
  });
  assert.deepEqual(spec, {
    podSelector: { matchLabels: { app: "a" } },
    policyTypes: ["Egress"],
    egress: [
      { to: [{ podSelector: { matchLabels: { app: "b" } } }], ports: [{ port: 8086, protocol: "TCP" }] },
    ],
  });
});

test("addresses outside of the cluster leave out the cloud's metadata service", () => {
  assert.deepEqual(anyAddress(), { ipBlock: { cidr: "0.0.0.0/0", except: ["169.254.169.254/32"] } });
});
