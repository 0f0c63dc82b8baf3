import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { freePort, freePorts, isFree } from "../../../local/ports";

const program = `
  const { freePorts } = require(${JSON.stringify(join(__dirname, "../../../local/ports"))});
  freePorts(120).then((ports) => process.stdout.write(JSON.stringify(ports)));
  process.stdin.resume();`;

test("processes that run at a time are given different ports, also where nobody listens", async () => {
  const children = [0, 1, 2].map(() => spawn(process.execPath, ["--import", "tsx", "-e", program]));
  try {
    const others = await Promise.all(
      children.map(async (child) => JSON.parse(String((await once(child.stdout, "data"))[0])) as number[]),
    );
    const all = [...others.flat(), ...(await freePorts(120))];
    assert.equal(new Set(all).size, 4 * 120);
    assert.ok(all.every((port) => port >= 20_000 && port < 30_000));
  } finally {
    for (const child of children) child.stdin.end();
  }
});

test("a port that somebody listens on is not free, and free again afterwards", async () => {
  const port = await freePort();
  assert.equal(await isFree(port), true);
  const server = createServer().listen(port, "127.0.0.1");
  await once(server, "listening");
  assert.equal(await isFree(port), false);
  server.close();
  await once(server, "close");
  assert.equal(await isFree(port), true);
});
