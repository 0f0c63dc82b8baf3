import assert from "node:assert/strict";
import { test } from "node:test";
import { compareSync } from "bcryptjs";
import { checkCharacterRules, petName, randomString, shuffle } from "../../../local/plugins/random/generate";
import { RandomPlugin } from "../../../local/plugins/random/plugin";
import { secret, unknown, type Properties } from "../../../local/plugins/values";

const plugin = new RandomPlugin("0.0.0");

function create(kind: string, inputs: Properties, preview = false) {
  return plugin.create({ urn: "urn", name: "name", type: `random:index/x:${kind}`, inputs, preview });
}

function check(kind: string, news: Properties) {
  return plugin.check({ urn: "urn", name: "name", type: `random:index/x:${kind}`, olds: {}, news });
}

function revealed(value: unknown): string {
  return (value as { value: string }).value;
}

test("a random string has its length and at least the minimum of each class", () => {
  const rules = { length: 12, minLower: 2, minUpper: 3, minNumeric: 4, minSpecial: 3, overrideSpecial: "_" };
  for (let round = 0; round < 50; round++) {
    const value = randomString(rules);
    const counts = [/[a-z]/g, /[A-Z]/g, /[0-9]/g, /_/g].map((pattern) => value.match(pattern)?.length);
    assert.deepEqual(counts, [2, 3, 4, 3]);
  }
});

test("classes that are switched off do not appear", () => {
  const value = randomString({ length: 200, special: false, upper: false, numeric: false });
  assert.match(value, /^[a-z]{200}$/);
});

test("every character of the allowed classes appears, and no other", () => {
  const characters = new Set(
    randomString({ length: 4000, lower: false, upper: false, overrideSpecial: "-." }),
  );
  assert.deepEqual([...characters].sort(), [..."-.0123456789"].sort());
});

test("rules that cannot be met name the property and the fix", () => {
  assert.equal(checkCharacterRules({ length: 0 })?.property, "length");
  assert.match(
    checkCharacterRules({ length: 3, minLower: 4 })?.reason ?? "",
    /3 is less than .*\(4\): raise it/,
  );
  const nothing = { length: 3, lower: false, upper: false, numeric: false, special: false };
  assert.match(checkCharacterRules(nothing)?.reason ?? "", /no characters/);
  assert.equal(checkCharacterRules({ length: 3 }), undefined);
});

test("shuffling keeps the items and does reorder them", () => {
  const items = Array.from({ length: 50 }, (_, index) => index);
  const shuffled = shuffle(items);
  assert.notDeepEqual(shuffled, items);
  assert.deepEqual(
    shuffled.toSorted((a, b) => a - b),
    items,
  );
});

test("a pet name has as many words as asked for", () => {
  assert.match(petName(3, "_", "team"), /^team_[a-z]+_[a-z]+_[a-z]+$/);
});

test("a password and its bcrypt hash are secret and fit together", async () => {
  const { id, state } = await create("RandomPassword", { length: 20, special: false });
  assert.equal(id, "none");
  assert.deepEqual(state.result, secret(revealed(state.result)));
  assert.match(revealed(state.result), /^[A-Za-z0-9]{20}$/);
  assert.equal(compareSync(revealed(state.result), revealed(state.bcryptHash)), true);
  assert.equal(state.special, false);
  assert.equal(state.upper, true);
});

test("the deprecated `number` means `numeric`", async () => {
  const { state } = await create("RandomString", { length: 300, number: false });
  assert.doesNotMatch(String(state.result), /[0-9]/);
});

test("all forms of a random id are the same number behind its prefix", async () => {
  const { id, state } = await create("RandomId", { byteLength: 4, prefix: "p-" });
  const number = Buffer.from(id, "base64url").readUInt32BE();
  assert.equal(state.dec, `p-${number}`);
  assert.equal(state.hex, `p-${number.toString(16).padStart(8, "0")}`);
});

test("UUIDs carry their version", async () => {
  const version4 = await create("RandomUuid", {});
  const version7 = await create("RandomUuid7", {});
  assert.match(version4.id, /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  assert.match(version7.id, /^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
});

test("an integer lies within its bounds, both included", async () => {
  const results = new Set<unknown>();
  for (let round = 0; round < 100; round++)
    results.add((await create("RandomInteger", { min: 1, max: 2 })).state.result);
  assert.deepEqual([...results].sort(), [1, 2]);
});

test("a shuffle gives as many results as asked for, over and over the items", async () => {
  const { state } = await create("RandomShuffle", { inputs: ["a", "b"], resultCount: 5 });
  const results = state.results as string[];
  assert.equal(results.length, 5);
  assert.deepEqual(results.slice(0, 2).sort(), ["a", "b"]);
});

test("a preview makes nothing up", async () => {
  assert.deepEqual(await create("RandomPassword", { length: 8 }, true), { id: "", state: { length: 8 } });
});

test("every change replaces", async () => {
  const request = { urn: "u", name: "n", type: "random:index/x:RandomPassword", id: "none", state: {} };
  const change = await plugin.diff({
    ...request,
    oldInputs: { length: 8, keepers: { a: "1" } },
    inputs: { length: 8, keepers: { a: "2" } },
  });
  assert.deepEqual(change.replaces, [["keepers", "a"]]);
  const same = await plugin.diff({ ...request, oldInputs: { length: 8 }, inputs: { length: 8 } });
  assert.deepEqual(same, { changes: [], replaces: [] });
});

test("what the stand-in cannot do is refused with a reason", async () => {
  assert.equal((await check("RandomInteger", { min: 1, max: 2, seed: "x" })).failures?.[0]?.property, "seed");
  assert.equal((await check("RandomInteger", { min: 3, max: 2 })).failures?.[0]?.property, "max");
  assert.deepEqual((await check("RandomPassword", { length: unknown })).failures, []);
  await assert.rejects(create("RandomDice", {}), /has no random:index\/x:RandomDice, only RandomPassword/);
});
