import assert from "node:assert/strict";
import { test } from "node:test";
import { parse, stringify } from "yaml";
import { usableKubeconfig } from "../../../components/azure/kubeconfig";

function encode(value: unknown): string {
  return Buffer.from(stringify(value)).toString("base64");
}

test("a kubeconfig with Entra signs in the way that was asked for, and keeps all else", () => {
  const exec = { command: "kubelogin", args: ["get-token", "--login", "devicecode", "--server-id", "x"] };
  const kubeconfig = { clusters: [{ name: "c" }], users: [{ name: "u", user: { exec } }] };
  const result: unknown = parse(usableKubeconfig(encode(kubeconfig), "workloadidentity"));
  assert.deepEqual(result, {
    clusters: [{ name: "c" }],
    users: [
      {
        name: "u",
        user: { exec: { ...exec, args: ["get-token", "--login", "workloadidentity", "--server-id", "x"] } },
      },
    ],
  });
});

test("a kubeconfig with certificates stays as it is", () => {
  const kubeconfig = { users: [{ name: "u", user: { "client-certificate-data": "x" } }] };
  assert.deepEqual(parse(usableKubeconfig(encode(kubeconfig), "azurecli")), kubeconfig);
});

test("anything else is an error, not a provider without a cluster", () => {
  assert.throws(() => usableKubeconfig("", "azurecli"), /no kubeconfig/);
});
