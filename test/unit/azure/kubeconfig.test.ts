import assert from "node:assert/strict";
import { test } from "node:test";
import { parse, stringify } from "yaml";
import { usableKubeconfig } from "../../../components/azure/kubeconfig";
import { entraKubeconfig } from "../../support/entraKubeconfig";

function encode(value: unknown): string {
  return Buffer.from(typeof value === "string" ? value : stringify(value)).toString("base64");
}

test("a kubeconfig with Entra signs in through the Azure CLI, not as Microsoft's public client", () => {
  const given = parse(entraKubeconfig) as { users: [{ user: { exec: object } }] };
  const args = ["get-token", "--login", "azurecli", "--server-id", "6dae42f8-4368-4678-94ff-3960e28e3630"];
  const [{ user, ...rest }] = given.users;
  assert.deepEqual(parse(usableKubeconfig(encode(entraKubeconfig))), {
    ...given,
    users: [{ ...rest, user: { ...user, exec: { ...user.exec, args } } }],
  });
});

test("a kubeconfig with certificates stays as it is", () => {
  const kubeconfig = { users: [{ name: "u", user: { "client-certificate-data": "x" } }] };
  assert.deepEqual(parse(usableKubeconfig(encode(kubeconfig))), kubeconfig);
});

test("anything else is an error, not a provider without a cluster", () => {
  assert.throws(() => usableKubeconfig(""), /no kubeconfig/);
  const exec = { command: "kubelogin", args: ["get-token"] };
  const noServer = { users: [{ name: "u", user: { exec } }] };
  assert.throws(() => usableKubeconfig(encode(noServer)), /user u has no --server-id/);
});
