import assert from "node:assert/strict";
import { test } from "node:test";
import type { Properties } from "../../../policies/core/values";
import { noPlainSecrets } from "../../../policies/safety/noPlainSecrets";
import { pinnedImages } from "../../../policies/safety/pinnedImages";
import { deploy } from "../support/deploy";
import { wholeStack } from "../support/fixtures";
import { checkResource, resource } from "./support";

test("the platform holds no plain secret, and pins its images", async () => {
  const { resources } = await deploy(() => wholeStack());
  const messages = resources.flatMap(({ type, name, inputs }) =>
    [noPlainSecrets, pinnedImages].flatMap((policy) =>
      checkResource(policy, resource(type, name, inputs as Properties)),
    ),
  );
  assert.ok(resources.some(({ type }) => type === "kubernetes:core/v1:ConfigMap"));
  assert.deepEqual(messages, []);
});
