import assert from "node:assert/strict";
import { test } from "node:test";
import {
  allowDnsSpec,
  allowFlowsSpec,
  anyAddress,
  defaultDenySpec,
  podsLabelled,
} from "../../../components/kubernetes/networkPolicies";

test("the default selects every pod and allows nothing", () => {
  assert.deepEqual(defaultDenySpec(), { podSelector: {}, policyTypes: ["Ingress", "Egress"] });
});

test("DNS goes to the cluster's resolver only", () => {
  const [rule] = allowDnsSpec().egress ?? [];
  assert.deepEqual(rule, {
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
  });
});

test("a direction without flows is not mentioned, so that the default decides", () => {
  const spec = allowFlowsSpec({
    podLabels: { app: "a" },
    egress: [{ peers: [podsLabelled({ app: "b" })], ports: [{ port: 8086 }] }],
  });
  assert.deepEqual(spec, {
    podSelector: { matchLabels: { app: "a" } },
    policyTypes: ["Egress"],
    egress: [
      { to: [{ podSelector: { matchLabels: { app: "b" } } }], ports: [{ port: 8086, protocol: "TCP" }] },
    ],
  });
});

test("a flow without peers or ports is refused: Kubernetes would read it as all of them", () => {
  const message = /needs at least one peer and one port/;
  const ports = [{ port: 1 }];
  assert.throws(() => allowFlowsSpec({ podLabels: {}, ingress: [{ peers: [], ports }] }), message);
  assert.throws(
    () => allowFlowsSpec({ podLabels: {}, egress: [{ peers: [anyAddress()], ports: [] }] }),
    message,
  );
});

test("addresses outside of the cluster leave out the cloud's metadata service", () => {
  assert.deepEqual(anyAddress().ipBlock, { cidr: "0.0.0.0/0", except: ["169.254.169.254/32"] });
});
