import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, before, describe } from "node:test";
import { clusterDirectory } from "../../local/commands/localStack";
import { backup } from "./scenarios/backup";
import { endOfOutage, faults } from "./scenarios/faults";
import { running } from "./scenarios/running";
import { scenario, type Suite } from "./scenarios/suite";
import { leftOf, machineState, whySkipped } from "./support/machine";
import { downMinutes, Platform, upMinutes } from "./support/platform";

// One `make up` on a real node, or in the cluster of KUBECONFIG, serves all: from what it leaves behind over faults to
// what `make down` leaves behind.

const own = process.env.KUBECONFIG === "" ? undefined : process.env.KUBECONFIG;

describe(
  own === undefined ? "the platform on a real node" : `the platform in the cluster of ${own}`,
  async () => {
    const skip = own === undefined ? ((await whySkipped()) ?? false) : false;
    let platform: Platform | undefined;
    let machine: Awaited<ReturnType<typeof machineState>>;
    const suite: Suite = {
      skip,
      get platform() {
        assert.ok(platform !== undefined, "`make up` has failed");
        return platform;
      },
    };

    before(
      async () => {
        if (skip !== false) return;
        machine = await machineState();
        platform = await Platform.up(own);
        for (const line of platform.output.split("\n")) if (line.includes("STAND-IN")) console.log(line);
      },
      { timeout: upMinutes * 60_000 },
    );
    after(
      async () => {
        // Where `make up` failed, the guard of `Platform.up` runs `make down`.
        if (skip === false && platform !== undefined && existsSync(platform.state)) await platform.down();
      },
      { timeout: downMinutes * 60_000 },
    );

    running(suite);
    faults(suite);
    backup(suite);
    endOfOutage(suite);

    scenario(suite, "make down leaves nothing", downMinutes * 60, async () => {
      assert.ok(platform !== undefined);
      const { core, state } = platform;
      await platform.down();
      assert.equal(existsSync(state), false);
      if (own !== undefined) {
        const { items } = await core.listNamespace();
        const names = items.map(({ metadata }) => metadata?.name ?? "");
        assert.deepEqual(
          names.filter((name) => !/^(default|kube-.*)$/.test(name)),
          [],
        );
        return;
      }
      assert.deepEqual(await leftOf(clusterDirectory(state)), []);
      assert.deepEqual(await machineState(), machine);
    });
  },
);
