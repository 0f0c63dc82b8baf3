import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import Ajv from "ajv";
import { attributesOf, type EventName, events, tagsOf } from "../../../contract/events";
import { logContractSchema } from "../../../contract/jsonSchema";
import { generatedFiles } from "../../../scripts/generate";

const names = Object.keys(events) as EventName[];

test("what is generated from the contract is up to date: npm run generate", () => {
  for (const [file, content] of Object.entries(generatedFiles())) {
    assert.equal(readFileSync(file, "utf8"), content, `${file} is stale: npm run generate`);
  }
});

test("ids, users, messages and revisions are fields: a tag without a bound ends the database", () => {
  const unbounded = /\.id$|fingerprint|pseudo|body|message|stacktrace|revision|reason|trace_id|\.line$/;
  for (const name of names) {
    for (const [key, attribute] of Object.entries(attributesOf(name))) {
      if (unbounded.test(key)) assert.equal(attribute.tag, undefined, `${name}: ${key}`);
    }
  }
});

test("no tag has the name of a field of the same event, and none is listed twice", () => {
  for (const name of names) {
    const tags = tagsOf(name);
    assert.equal(new Set(tags).size, tags.length, name);
    const fields = Object.entries(attributesOf(name)).flatMap(([key, { tag }]) =>
      tag === undefined ? [key] : [],
    );
    assert.deepEqual(
      tags.filter((tag) => fields.includes(tag)),
      [],
      name,
    );
  }
});

test("an attribute has the same type in all events", () => {
  const types = new Map<string, string>();
  for (const name of names) {
    for (const [key, { type }] of Object.entries(attributesOf(name))) {
      assert.equal(types.get(key) ?? type, type, key);
      types.set(key, type);
    }
  }
});

const validate = new Ajv({ strict: false, discriminator: true, validateFormats: false }).compile(
  logContractSchema(),
);

test("the schema takes a right event and refuses wrong ones", () => {
  const right = {
    timestamp: "2026-01-06T17:44:13Z",
    event_name: "http.server.request",
    "http.request.method": "GET",
    "http.route": "/",
    "http.response.status_code": 200,
  };
  assert.equal(validate(right), true, JSON.stringify(validate.errors));
  assert.equal(validate({ ...right, "http.response.status_code": "200" }), false);
  assert.equal(validate({ ...right, event_name: "http.request" }), false);
  const { "http.route": _route, ...withoutRoute } = right;
  assert.equal(validate(withoutRoute), false);
});
