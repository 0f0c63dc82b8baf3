import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Unknown, type Properties } from "../../../policies/core/values";
import { noPlainSecrets } from "../../../policies/safety/noPlainSecrets";
import { plainSecrets } from "../../../policies/safety/secretText";
import {
  plainLines,
  plainSettings,
  plainVariables,
  secretLines,
  secretSettings,
  secretVariables,
} from "./secretCorpus";
import { checkResource, deployment, resource, withContainer } from "./support";

describe("no-plain-secrets", () => {
  const env = (variable: Properties) => deployment(withContainer({ env: [variable] }));

  test("a literal password does not pass, known or not", () => {
    for (const value of ["hunter2", new Unknown("value")]) {
      const messages = checkResource(noPlainSecrets, env({ name: "DB_PASSWORD", value }));
      assert.match(messages[0] ?? "", /DB_PASSWORD has a literal value: use valueFrom\.secretKeyRef/);
    }
  });

  test("references and paths of files pass", () => {
    const passing: Properties[] = [
      { name: "DB_PASSWORD", valueFrom: { secretKeyRef: { name: "s", key: "k" } } },
      { name: "DB_PASSWORD", value: "$(OTHER)" },
      { name: "DB_PASSWORD_FILE", value: "/run/secrets/password" },
      { name: "TOKENIZER", value: "bert" },
    ];
    for (const variable of passing) assert.deepEqual(checkResource(noPlainSecrets, env(variable)), []);
  });

  test("an argument with a literal token does not pass", () => {
    const messages = checkResource(noPlainSecrets, deployment(withContainer({ args: ["--token=abc123"] })));
    assert.match(messages.join(), /an argument sets --token in plain text/);
  });

  test("configuration files: literals are found, references are not", () => {
    for (const text of [
      'password = "hunter2"',
      "smtp_auth_password: hunter2",
      'shared_key "abc"',
      '{"api_key":"x1"}',
    ]) {
      assert.equal(plainSecrets(text).length, 1, text);
    }
    assert.deepEqual(plainSecrets("-----BEGIN RSA PRIVATE KEY-----\nMII"), ["a private key"]);
    for (const text of [
      "shared_key \"#{ENV['FLUENTD_SHARED_KEY']}\"",
      'token = "${INFLUX_TOKEN}"',
      "smtp_auth_password_file: /run/secrets/password",
      "password: $__file{/run/secrets/password}",
      '"passwordVariable": "INFLUXDB_GRAFANA_PASSWORD"',
      "the token of a user",
    ]) {
      assert.deepEqual(plainSecrets(text), [], text);
    }
  });

  test("programs: only quoted literals are values, the rest are variables", () => {
    const program =
      "const client = {token: options.token, password:n}; if (!token) throw 'no password: set one'";
    assert.deepEqual(plainSecrets(program, "reconcile.js"), []);
    assert.deepEqual(plainSecrets('const client = { password: "hunter2" };', "main.ts"), ["password"]);
    assert.deepEqual(plainSecrets("api_key = 'abc123'", "train.py"), ["api_key"]);
  });

  test("a ConfigMap is searched, and what it does not know yet is searched later", () => {
    const configMap = (data: Properties | Unknown) => resource("kubernetes:core/v1:ConfigMap", "c", { data });
    assert.match(
      checkResource(noPlainSecrets, configMap({ "app.ini": "password = x1" })).join(),
      /«app\.ini»/,
    );
    assert.match(checkResource(noPlainSecrets, configMap({ token: "abc" })).join(), /«token»/);
    assert.deepEqual(checkResource(noPlainSecrets, configMap({ "app.ini": new Unknown("data") })), []);
    assert.deepEqual(checkResource(noPlainSecrets, configMap(new Unknown("data"))), []);
  });
});

describe("a corpus of names and values", () => {
  const variables = (entries: readonly string[]) =>
    entries.filter((entry) => {
      const [name = "", ...value] = entry.split("=");
      const env = [{ name, value: value.join("=") }];
      return checkResource(noPlainSecrets, deployment(withContainer({ env }))).length > 0;
    });
  const commandLines = (entries: readonly string[], split: (entry: string) => string[]) =>
    entries.filter(
      (entry) => checkResource(noPlainSecrets, deployment(withContainer({ args: split(entry) }))).length > 0,
    );
  const listed = (entry: string) => entry.split(" ");
  const inShell = (entry: string) => ["sh", "-c", `app ${entry}`];
  const settings = (entries: readonly string[]) => entries.filter((entry) => plainSecrets(entry).length > 0);

  test("has 200 of them", () => {
    const all = [secretVariables, plainVariables, secretLines, plainLines, secretSettings, plainSettings];
    assert.ok(all.flat().length >= 200, String(all.flat().length));
  });

  test("each secret is found", () => {
    assert.deepEqual(variables(secretVariables), secretVariables);
    assert.deepEqual(commandLines(secretLines, listed), secretLines);
    assert.deepEqual(commandLines(secretLines, inShell), secretLines);
    assert.deepEqual(settings(secretSettings), secretSettings);
  });

  test("nothing else is", () => {
    assert.deepEqual(variables(plainVariables), []);
    assert.deepEqual(commandLines(plainLines, listed), []);
    assert.deepEqual(commandLines(plainLines, inShell), []);
    assert.deepEqual(settings(plainSettings), []);
  });
});
