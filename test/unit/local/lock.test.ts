import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { withLock } from "../../../local/lock";
import { sleep } from "../../../local/processes";

test(
  "who waits gets the lock also when its folder is removed meanwhile, as make down does",
  { timeout: 20_000 },
  async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "ds-monitoring-lock-"));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const path = join(folder, "state", "run.lock");
    const order: string[] = [];
    let second: Promise<unknown> | undefined;
    await withLock(path, async () => {
      second = withLock(
        path,
        () => Promise.resolve(order.push("second")),
        () => order.push("waits"),
      );
      while (order.length === 0) await sleep(20);
      order.push("first");
      await rm(join(folder, "state"), { recursive: true });
    }).catch(() => order.push("released a lock that is gone"));
    await second;
    assert.deepEqual(order.slice(0, 2), ["waits", "first"]);
    assert.equal(order.at(-1), "second");
  },
);
