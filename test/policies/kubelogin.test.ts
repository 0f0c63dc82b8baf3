import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { usableKubeconfig } from "../../components/azure/kubeconfig";
import { run } from "../../local/processes";
import { ToolUnavailableError, resolveTool } from "../../local/tools/resolve";
import { entraKubeconfig } from "../support/entraKubeconfig";

interface Kubeconfig {
  users: { user: { exec: { command: string; args: string[] } } }[];
}

test("the kubeconfig signs in with the arguments that the real kubelogin writes", async (t) => {
  const kubelogin = await resolveTool("kubelogin").catch((error: unknown) => {
    if (error instanceof ToolUnavailableError) return t.skip(error.message);
    throw error;
  });
  if (kubelogin === undefined) return;
  const folder = await mkdtemp(join(tmpdir(), "ds-monitoring-test-"));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, "kubeconfig");
  await writeFile(file, entraKubeconfig, { mode: 0o600 });
  const args = ["convert-kubeconfig", "--login", "azurecli", "--kubeconfig", file];
  const result = await run(kubelogin.path, args, { cwd: folder });
  assert.equal(result.code, 0, result.stdout + result.stderr);
  const exec = (text: string) => (parse(text) as Kubeconfig).users[0]?.user.exec;
  const converted = exec(await readFile(file, "utf8"));
  const ours = exec(usableKubeconfig(Buffer.from(entraKubeconfig).toString("base64")));
  assert.deepEqual([ours?.command, ours?.args], [converted?.command, converted?.args]);
});
