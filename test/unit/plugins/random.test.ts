import assert from "node:assert/strict";
import { test } from "node:test";
import { isRpcSecret, unknownValue, unwrapRpcSecret } from "@pulumi/pulumi/runtime/rpc";
import { compareSync } from "bcryptjs";
import type { Properties } from "../../../local/plugins/properties";
import { password, problemOf, randomProvider } from "../../../local/plugins/random";

const provider = randomProvider("0.0.0");
const urn = "urn:pulumi:s::p::pkg:a:B$random:index/randomPassword:RandomPassword::name";

async function create(inputs: Properties): Promise<Properties> {
  const created = await provider.create?.(urn, inputs);
  assert.equal(created?.id, "none");
  return created.outs as Properties;
}

async function failure(inputs: Properties, of = urn) {
  const [first] = (await provider.check?.(of, {}, inputs))?.failures ?? [];
  return first;
}

test("a password has its length and at least the minimum of each class", () => {
  const rules = { length: 12, minLower: 2, minUpper: 3, minNumeric: 4, minSpecial: 3, overrideSpecial: "_" };
  for (let round = 0; round < 50; round++) {
    const value = password(rules);
    const counts = [/[a-z]/g, /[A-Z]/g, /[0-9]/g, /_/g].map((pattern) => value.match(pattern)?.length);
    assert.deepEqual(counts, [2, 3, 4, 3]);
  }
});

test("classes that are switched off do not appear", () => {
  assert.match(password({ length: 200, special: false, upper: false, numeric: false }), /^[a-z]{200}$/);
  assert.doesNotMatch(password({ length: 300, number: false }), /[0-9]/);
});

test("every character of the allowed classes appears, and no other", () => {
  const characters = new Set(password({ length: 4000, lower: false, upper: false, overrideSpecial: "-." }));
  assert.deepEqual([...characters].sort(), [..."-.0123456789"].sort());
});

test("required characters are not always at the same place", () => {
  const places = Array.from({ length: 50 }, () =>
    password({ length: 8, minNumeric: 1, numeric: false }).search(/[0-9]/),
  );
  assert.ok(new Set(places).size > 1);
});

test("rules that cannot be met name the fix", () => {
  assert.match(problemOf({ length: 0 }) ?? "", /whole number of 1 or more/);
  assert.match(problemOf({ length: 3, minLower: 4 }) ?? "", /3 is less than .*\(4\): raise it/);
  const nothing = { length: 3, lower: false, upper: false, numeric: false, special: false };
  assert.match(problemOf(nothing) ?? "", /no characters/);
  assert.equal(problemOf({ length: 3 }), undefined);
});

test("a password and its bcrypt hash are secret and fit together", async () => {
  const state = await create({ length: 20, special: false });
  assert.ok(isRpcSecret(state.result) && isRpcSecret(state.bcryptHash));
  const value = unwrapRpcSecret(state.result) as string;
  assert.match(value, /^[A-Za-z0-9]{20}$/);
  assert.equal(compareSync(value, unwrapRpcSecret(state.bcryptHash) as string), true);
  assert.equal(state.special, false);
  assert.equal(state.upper, true);
});

test("every changed input replaces, and what is left out has its default", async () => {
  const state = await create({ length: 8, keepers: { a: "1" } });
  const diff = async (news: Properties) => (await provider.diff?.("none", urn, state, news))?.replaces;
  assert.deepEqual(await diff({ length: 8, keepers: { a: "1" } }), []);
  assert.deepEqual(await diff({ length: 8, keepers: { a: "1" }, special: true }), []);
  assert.deepEqual(await diff({ length: 8, keepers: { a: "2" } }), ["keepers"]);
  assert.deepEqual(await diff({ length: 9 }), ["length", "keepers"]);
});

test("what the stand-in cannot do is refused with a reason", async () => {
  const other = urn.replace("randomPassword:RandomPassword", "randomPet:RandomPet");
  assert.match(
    (await failure({}, other))?.reason ?? "",
    /no random:index\/randomPet:RandomPet: put the real/,
  );
  assert.equal((await failure({ length: 8, seed: "x" }))?.property, "seed");
  assert.equal((await failure({ length: 0 }))?.property, "length");
  assert.equal(await failure({ length: unknownValue }), undefined);
});
