import assert from "node:assert/strict";
import { test } from "node:test";
import { aksGateway } from "../../../components/azure/ingress";
import type { GrafanaGatewayArgs } from "../../../components";
import { checkerOf, DefinitionUnavailableError } from "../../support/customResources";
import { deploy, find, type RequestedResource, valueOf } from "../support/deploy";
import { platform } from "../support/fixtures";

const host = "grafana.example.com";
const withCertManager = aksGateway({ host, clusterIssuer: "letsencrypt" });
const keyVault = {
  certificateUri: "https://acme.vault.azure.net/certificates/grafana",
  clientId: "11111111-2222-3333-4444-555555555555",
};

const resourcesOf = async (gateway: GrafanaGatewayArgs): Promise<RequestedResource[]> =>
  (await deploy(() => platform({ grafana: { deploy: { gateway } } }))).resources;

interface Listener {
  name: string;
  port: number;
  hostname: string;
  tls?: { certificateRefs?: { name: string }[]; options?: Record<string, string> };
}

interface GatewayInputs {
  metadata: { namespace: string; annotations?: Record<string, string> };
  spec: { gatewayClassName: string; listeners: Listener[] };
}

const gatewayOf = (resources: RequestedResource[]) =>
  find(resources, ":Gateway", "monitoring-grafana-gateway").inputs as unknown as GatewayInputs;

test("the gateway and its routes have a namespace of their own, which may send to Grafana's Service", async () => {
  const resources = await resourcesOf(withCertManager);
  assert.equal(
    find(resources, ":Namespace", "monitoring-grafana-gateway").parent.split(" ")[0],
    "ds-monitoring:index:Grafana",
  );
  const { metadata, spec } = gatewayOf(resources);
  assert.equal(metadata.namespace, "grafana-gateway");
  assert.equal(spec.gatewayClassName, "approuting-istio");
  const route = find(resources, ":HTTPRoute", "monitoring-grafana-route").inputs;
  assert.deepEqual(route["spec"], {
    parentRefs: [{ name: "grafana-gateway", sectionName: "https" }],
    hostnames: [host],
    rules: [{ backendRefs: [{ name: "grafana", namespace: "monitoring", port: 3000 }] }],
  });
  const grant = find(resources, ":ReferenceGrant", "monitoring-grafana-grant").inputs;
  assert.equal((grant["metadata"] as { namespace: string }).namespace, "monitoring");
  assert.deepEqual(grant["spec"], {
    from: [{ group: "gateway.networking.k8s.io", kind: "HTTPRoute", namespace: "grafana-gateway" }],
    to: [{ group: "", kind: "Service", name: "grafana" }],
  });
});

test("only the gateway's pods reach Grafana, those of another namespace where the class has them there", async () => {
  const callers = async (gateway: GrafanaGatewayArgs) => {
    const policy = find(await resourcesOf(gateway), "NetworkPolicy", "monitoring-grafana").inputs as {
      spec: { ingress: { from: { namespaceSelector: { matchLabels: Record<string, string> } }[] }[] };
    };
    return policy.spec.ingress.flatMap(({ from }) =>
      from.map(({ namespaceSelector }) => namespaceSelector.matchLabels["kubernetes.io/metadata.name"]),
    );
  };
  assert.deepEqual(await callers(withCertManager), ["grafana-gateway"]);
  const envoy = { host, className: "envoy", controllerNamespace: "envoy-gateway-system" };
  assert.deepEqual(await callers(envoy), ["envoy-gateway-system"]);
});

test("TLS by cert-manager: HTTP leads to HTTPS, and stays open to the routes of its HTTP-01 solver", async () => {
  const resources = await resourcesOf(withCertManager);
  const { metadata, spec } = gatewayOf(resources);
  assert.deepEqual(metadata.annotations, { "cert-manager.io/cluster-issuer": "letsencrypt" });
  assert.deepEqual(
    spec.listeners.map(({ name, port, hostname }) => [name, port, hostname]),
    [
      ["http", 80, host],
      ["https", 443, host],
    ],
  );
  assert.deepEqual(spec.listeners[1]?.tls?.certificateRefs, [{ name: "grafana-tls" }]);
  const redirect = find(resources, ":HTTPRoute", "monitoring-grafana-route-redirect").inputs;
  assert.deepEqual((redirect["spec"] as { rules: object }).rules, [
    { filters: [{ type: "RequestRedirect", requestRedirect: { scheme: "https", statusCode: 301 } }] },
  ]);
  // A policy that selects the pods in it would have to let the solver's in.
  const closed = resources.filter(
    ({ type, inputs }) =>
      type.endsWith(":NetworkPolicy") &&
      (inputs["metadata"] as { namespace: string }).namespace === "grafana-gateway",
  );
  assert.deepEqual(closed, []);
});

test("TLS from Key Vault: the options of application routing, and the service account that they name", async () => {
  const resources = await resourcesOf(aksGateway({ host, keyVault }));
  const { tls } = gatewayOf(resources).spec.listeners[1] ?? {};
  assert.deepEqual(tls, {
    mode: "Terminate",
    options: {
      "kubernetes.azure.com/tls-cert-keyvault-uri": keyVault.certificateUri,
      "kubernetes.azure.com/tls-cert-service-account": "grafana-gateway",
    },
  });
  const { metadata } = find(resources, "ServiceAccount", "monitoring-grafana-gateway").inputs as {
    metadata: { annotations: object; labels: Record<string, string>; namespace: string };
  };
  assert.equal(metadata.namespace, "grafana-gateway");
  assert.deepEqual(metadata.annotations, { "azure.workload.identity/client-id": keyVault.clientId });
  assert.equal(metadata.labels["azure.workload.identity/use"], "true");
});

test("mails link to the gateway's host", async () => {
  const { result } = await deploy(() => platform({ grafana: { deploy: { gateway: withCertManager } } }));
  assert.equal(await valueOf(result.grafanaUrl), `https://${host}`);
});

test("a gateway and an ingress exclude each other", async () => {
  const ingress = { host, controllerNamespace: "ingress-nginx" };
  await assert.rejects(
    deploy(() => platform({ grafana: { deploy: { gateway: withCertManager, ingress } } })),
    /gateway and ingress exclude each other: leave out ingress/,
  );
});

test("each object is what its definition of Gateway API 1.3, that of AKS from Kubernetes 1.34, allows", async (t) => {
  const check = async (kind: string, version: string) =>
    checkerOf(
      {
        module: "sigs.k8s.io/gateway-api@v1.3.0",
        sum: "h1:q6okN+/UKDATola4JY7zXzx40WO4VISk7i9DIfOvr9M=",
        file: `config/crd/standard/gateway.networking.k8s.io_${kind}s.yaml`,
      },
      version,
    );
  const gateways = await check("gateway", "v1").catch((error: unknown) => {
    if (!(error instanceof DefinitionUnavailableError)) throw error;
    t.skip(error.message);
  });
  if (gateways === undefined) return;
  const routes = await check("httproute", "v1");
  const grants = await check("referencegrant", "v1beta1");
  let checked = 0;
  for (const gateway of [withCertManager, aksGateway({ host, keyVault })]) {
    for (const { type, inputs } of await resourcesOf(gateway)) {
      if (!type.startsWith("kubernetes:gateway.networking.k8s.io/")) continue;
      const problems: typeof gateways = type.endsWith(":Gateway")
        ? gateways
        : type.endsWith(":HTTPRoute")
          ? routes
          : grants;
      assert.deepEqual(problems(inputs), [], type);
      checked += 1;
    }
  }
  assert.equal(checked, 8);
  const wrong = { apiVersion: "gateway.networking.k8s.io/v1", kind: "Gateway", spec: { listeners: [] } };
  assert.match(gateways(wrong).join(), /gatewayClassName/);
});
