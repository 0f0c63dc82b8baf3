import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { clusterDirectory } from "../../local/commands/localStack";
import { which } from "../../local/tools/resolve";
import { backup } from "./scenarios/backup";
import { endOfOutage, faults } from "./scenarios/faults";
import { running } from "./scenarios/running";
import type { Suite } from "./scenarios/suite";
import { leftOf, machineState, whySkipped } from "./support/machine";
import { Platform } from "./support/platform";

// One `make up` on a real node, or in the cluster of KUBECONFIG, serves all: from what it leaves behind over faults to
// what `make down` leaves behind.

const noFluentd =
  "SKIPPED: without a fluentd on PATH its image may be missing, and its pods would wait for it";
const own = process.env.KUBECONFIG === "" ? undefined : process.env.KUBECONFIG;

describe(
  own === undefined ? "the platform on a real node" : `the platform in the cluster of ${own}`,
  async () => {
    const skip =
      own !== undefined
        ? false
        : ((await whySkipped()) ?? ((await which("fluentd")) === undefined ? noFluentd : false));
    let platform: Platform | undefined;
    let machine: Awaited<ReturnType<typeof machineState>>;
    const suite: Suite = {
      skip,
      get platform() {
        assert.ok(platform !== undefined, "`make up` has failed");
        return platform;
      },
    };

    before(async () => {
      if (skip !== false) return;
      machine = await machineState();
      platform = await Platform.up(own);
    });
    after(async () => {
      // Where `make up` failed, the guard of `Platform.up` runs `make down`.
      if (skip === false && platform !== undefined && existsSync(platform.state)) await platform.down(own);
    });

    running(suite);
    faults(suite);

    test("after all that, make up changes nothing", { skip }, async () => {
      assert.match(await suite.platform.make("up", own), /^0 changes /m);
    });

    backup(suite);
    endOfOutage(suite);

    test("make down leaves nothing on the machine", { skip: own !== undefined || skip }, async () => {
      const { state } = suite.platform;
      await suite.platform.down(own);
      assert.deepEqual(await leftOf(clusterDirectory(state)), []);
      assert.deepEqual(await machineState(), machine);
      assert.equal(existsSync(state), false);
    });
  },
);
