import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { roleMapping, type GrafanaEntraArgs } from "../../../components/grafana/entra";
import { deploy, find } from "../support/deploy";
import { platform } from "../support/fixtures";
import { variableOf, workloadsOf } from "../support/pods";

const [tenantId, clientId, admins, editors] = ["1", "2", "3", "4"].map(
  (digit) => `${digit.repeat(8)}-0000-0000-0000-000000000000`,
) as [string, string, string, string];
const entra: GrafanaEntraArgs = { tenantId, clientId, clientSecret: "s3cret", groups: { admin: [admins] } };
const externalUrl = "https://grafana.example.com";

async function grafana(more: object = {}) {
  const { resources, result } = await deploy(() =>
    platform({ grafana: { deploy: { externalUrl, entra, ...more } } }),
  );
  const found = workloadsOf(resources).find(({ title }) => title === "Deployment monitoring-grafana");
  const container = found?.pod.containers[0];
  assert.ok(container);
  return { resources, result, container };
}

describe("Grafana with Entra ID", () => {
  test("asks the directory, takes roles from groups alone, and has no user with a password", async () => {
    const { container, resources, result } = await grafana();
    const variable = (name: string) => variableOf(container, name);
    const login = `https://login.microsoftonline.com/${tenantId}/oauth2/v2.0`;
    assert.equal(variable("GF_SERVER_ROOT_URL"), externalUrl);
    assert.equal(variable("GF_AUTH_AZUREAD_AUTH_URL"), `${login}/authorize`);
    assert.equal(variable("GF_AUTH_AZUREAD_TOKEN_URL"), `${login}/token`);
    assert.equal(variable("GF_AUTH_AZUREAD_ALLOWED_ORGANIZATIONS"), tenantId);
    assert.equal(variable("GF_AUTH_AZUREAD_ORG_MAPPING"), `${admins}:1:Admin`);
    assert.equal(variable("GF_AUTH_AZUREAD_ROLE_ATTRIBUTE_STRICT"), "true");
    assert.equal(variable("GF_AUTH_DISABLE_LOGIN_FORM"), "true");
    assert.equal(variable("GF_AUTH_BASIC_ENABLED"), "false");
    assert.equal(variable("GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION"), "true");
    assert.ok(!container.env?.some(({ name }) => name === "GF_SECURITY_ADMIN_PASSWORD"));
    assert.equal(result.grafanaAdminPassword, undefined);
    assert.ok(!resources.some(({ name }) => name === "monitoring-grafana-admin-password"));
  });

  test("its secret is a secret, and Grafana may reach the directory", async () => {
    const { resources } = await grafana();
    const { secrets } = find(resources, ":Secret", "monitoring-grafana-credentials");
    assert.deepEqual(secrets, ["stringData"]);
    const { spec } = find(resources, ":NetworkPolicy", "monitoring-grafana").inputs as {
      spec: { egress: { to: { ipBlock?: object }[]; ports: { port: number }[] }[] };
    };
    assert.ok(
      spec.egress.some(({ to, ports }) => to.some(({ ipBlock }) => ipBlock) && ports[0]?.port === 443),
    );
  });

  test("what can't work is refused with the fix", async () => {
    await assert.rejects(grafana({ externalUrl: undefined }), /set gateway, or externalUrl/);
    await assert.rejects(grafana({ entra: { ...entra, tenantId: "acme" } }), /entra\.tenantId has "acme"/);
    assert.throws(() => roleMapping({ admin: [] }), /groups\.admin is empty.*administrators/);
    assert.throws(() => roleMapping({ admin: ["admins"] }), /groups\.admin has "admins": it must be an id/);
    assert.throws(() => roleMapping({ admin: ["*"] }), /groups\.admin has "\*"/);
  });

  test("each group has its role; everyone may look where the stack says so", () => {
    assert.equal(
      roleMapping({ admin: [admins], editor: [editors], viewer: ["*"] }),
      `${admins}:1:Admin ${editors}:1:Editor *:1:Viewer`,
    );
  });
});
