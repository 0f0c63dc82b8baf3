import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import Ajv from "ajv";
import { parse, stringify } from "yaml";
import { readConfig } from "../../../config/readConfig";
import { renamedKeys } from "../../../config/renamedKeys";
import type { Schema } from "../../../config/kinds";
import schema from "../../../config/schema.json";
import type { StackConfig } from "../../../config/stackConfig";
import type { AksClusterArgs } from "../../../components/azure";
import { Monitoring } from "../../../components";
import { repositoryRoot } from "../../../local/paths";
import { deploy, isSecret } from "../support/deploy";

const email = { smarthost: "smtp.example.com:587", from: "m@example.com", to: ["team@example.com"] };
const alertmanager = { deploy: { email } };
const least = { environment: "dev", alertmanager };

/** The config as the engine hands it over: each key as text. */
function read(values: Record<string, unknown>, directory?: string): StackConfig {
  const texts = Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => [
      `ds-monitoring:${key}`,
      typeof value === "string" ? value : JSON.stringify(value),
    ]);
  pulumi.runtime.setAllConfig(Object.fromEntries(texts) as Record<string, string>);
  return readConfig(new pulumi.Config("ds-monitoring"), directory);
}

function refuses(cases: readonly (readonly [Record<string, unknown>, RegExp])[]): void {
  for (const [values, message] of cases) {
    assert.throws(
      () => read(values),
      (error: Error) => {
        assert.match(error.message, message);
        return true;
      },
    );
  }
}

test("an environment and a mail server are enough, and nothing else is set", () => {
  assert.deepEqual(read({ monitoring: least }), { monitoring: least });
});

test("what is set is passed through as it is written", () => {
  const values = {
    cluster: { existing: { context: "aks" } },
    monitoring: {
      ...least,
      protect: false,
      namespaceName: "observability",
      influxDb: {
        deploy: {
          storage: { size: "128Gi", storageClassName: "fast.ssd" },
          resources: { requests: { cpu: "500m", memory: "4Gi" }, limits: { cpu: "2", memory: "4Gi" } },
        },
      },
      grafana: {
        deploy: {
          ingress: {
            host: "grafana.example.com",
            controllerNamespace: "ingress-nginx",
            tlsSecretName: "tls.v2",
            clusterIssuer: "lets.encrypt",
          },
          callers: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "ingress" } } }],
        },
      },
      fluentdAggregator: { replicas: 2 },
      alerts: { apps: [{ service: "churn", errorRatio: 0.01 }], disabled: ["DataDriftDetected"] },
      prices: { currency: "eur", vcpuHour: 0.05, gibHour: 0.004 },
      retentionDays: { events: 30 },
      rollups: [{ measurement: "sale", countedField: "amount", fields: ["amount"] }],
      telegraf: { probes: [{ url: "http://churn.churn.svc:8080/healthz", service: "churn" }] },
      backup: { storage: { size: "100Gi" }, schedule: "*/30 1-5 1,15 * mon", keep: 30 },
      archive: { storage: { size: "64Gi" }, keepDays: 400 },
      runbookBaseUrl: "https://docs.example.com/runbooks",
    },
    sample: { registry: "registry.example.com/team" },
  };
  assert.deepEqual(read(values), values);
});

test("a text of digits, of which YAML makes a number, is a text", () => {
  const { cluster } = read({ monitoring: least, cluster: { existing: { context: 123 } } });
  assert.equal(cluster?.existing?.context, "123");
});

test("every argument of Monitoring can be set from a stack", () => {
  const namesOf = (file: string, type: string) => {
    const source = readFileSync(join(repositoryRoot, "components", file), "utf8");
    const declaration = new RegExp(`export interface ${type} [^{]*\\{([^]*?)\\n\\}`).exec(source)?.[1] ?? "";
    return [...declaration.matchAll(/^ {2}(?:readonly )?(\w+)\??:/gm)].map(([, name]) => name);
  };
  const own = namesOf("monitoringArgs.ts", "MonitoringArgs");
  const inherited = namesOf("platform/partObjects.ts", "PodPlacement");
  assert.ok(own.length > 15 && inherited.length === 3, [...own, ...inherited].join());
  assert.deepEqual(
    Object.keys(schema.properties.monitoring.properties).sort(),
    [...own, ...inherited].sort(),
  );
});

test("the stacks of the repository are read", () => {
  for (const stack of ["local", "dev", "prod"]) {
    const text = readFileSync(join(repositoryRoot, `Pulumi.${stack}.yaml`), "utf8");
    const { config } = parse(text) as { config: Record<string, unknown> };
    const values = Object.entries(config).map(([key, value]) => [key.replace("ds-monitoring:", ""), value]);
    const { monitoring } = read(Object.fromEntries(values) as Record<string, unknown>);
    assert.equal(monitoring.environment, stack);
  }
});

test("a wrong or missing value is named with what is allowed and an example", () => {
  const monitoring = (values: object) => ({ monitoring: { ...least, ...values } });
  const storage = (size: string) => monitoring({ influxDb: { deploy: { storage: { size } } } });
  const mail = (values: object) =>
    monitoring({ alertmanager: { deploy: { email: { ...email, ...values } } } });
  refuses([
    [
      {},
      /^ds-monitoring:monitoring is not set: it must be a mapping of environment, alertmanager, .*`monitoring: \{ env/,
    ],
    [
      monitoring({ environment: undefined }),
      /^ds-monitoring:monitoring\.environment is not set: it must be lower-case .*`environment: dev`/,
    ],
    [
      { monitoring: { environment: "dev", alertmanager: { deploy: { email: { from: "m@example.com" } } } } },
      /^ds-monitoring:monitoring\.alertmanager\.deploy\.email\.smarthost is not set: it must be host:port, .*smtp\.example\.com:587/,
    ],
    [monitoring({ environment: "Dev 1" }), /monitoring\.environment is "Dev 1": it must be lower-case/],
    [
      storage("50 GB"),
      /^ds-monitoring:monitoring\.influxDb\.deploy\.storage\.size is "50 GB": it must be a Kubernetes quantity .*`size: 50Gi`/,
    ],
    [storage("0Gi"), /storage\.size is "0Gi": it must be a Kubernetes quantity in Mi, Gi or Ti, above 0/],
    [monitoring({ protect: "maybe" }), /monitoring\.protect is "maybe": it must be true or false/],
    [
      monitoring({ fluentdAggregator: { replicas: 0 } }),
      /fluentdAggregator\.replicas is 0: it must be a whole number, at least 1/,
    ],
    [monitoring({ retentionDays: { events: 0 } }), /retentionDays\.events is 0: it must be a whole number/],
    [
      monitoring({ retentionDays: 14 }),
      /retentionDays is 14: it must be a mapping of events, minutely, hourly, daily, weekly/,
    ],
    [
      monitoring({ archive: {} }),
      /^ds-monitoring:monitoring\.archive\.storage is not set: .*`storage: \{ size: 50Gi \}`/,
    ],
    ...["nightly", "99 99 * * *", "0 24 * * *", "* * * *"].map(
      (schedule) =>
        [
          monitoring({ archive: { storage: { size: "1Gi" }, schedule } }),
          /archive\.schedule is ".*": it must be a schedule in the form of cron/,
        ] as const,
    ),
    [mail({ to: [] }), /email\.to is \[\]: it must be a list of at least one of: an e-mail address/],
    [mail({ to: ["team"] }), /email\.to\[0\] is "team": it must be an e-mail address, .*`team@example\.com`/],
    [mail({ smarthost: "smtp" }), /email\.smarthost is "smtp": it must be host:port/],
    [
      mail({ login: { username: "mailer" } }),
      /email\.login\.password is not set: it must be a secret: run `pulumi config set --secret --path monitoring\.alertmanager\.deploy\.email\.login\.password`/,
    ],
    [
      monitoring({ grafana: { deploy: { ingress: { clusterIssuer: "letsencrypt" } } } }),
      /deploy\.ingress\.host is not set: it must be a host name.*grafana\.example\.com/,
    ],
    [
      monitoring({ alerts: { apps: [{ service: "churn", errorRatio: 5 }] } }),
      /alerts\.apps\[0\]\.errorRatio is 5: it must be a share from 0 to 1/,
    ],
    [
      monitoring({ prices: { currency: "gold", vcpuHour: 1, gibHour: 1 } }),
      /currency is "gold": it must be "usd", /,
    ],
  ]);
});

test("an unknown key is named with the one that was probably meant", () => {
  const monitoring = (values: object) => ({ monitoring: { ...least, ...values } });
  refuses([
    [
      { monitoring: least, monitorin: {} },
      /^ds-monitoring:monitorin is not known \(did you mean ds-monitoring:monitoring\?\): the allowed keys are cluster, /,
    ],
    [
      monitoring({ protectt: false }),
      /^ds-monitoring:monitoring\.protectt is not known \(did you mean ds-monitoring:monitoring\.protect\?\)/,
    ],
    [
      { monitoring: least, gpu: true },
      /^ds-monitoring:gpu is not known: the allowed keys are cluster, backupStorage, monitoring, sample$/,
    ],
    [
      monitoring({ influxDb: { storage: { size: "1Gi" } } }),
      /monitoring\.influxDb\.storage is not known \(did you mean ds-monitoring:monitoring\.influxDb\.deploy\.storage\?\)/,
    ],
    [
      monitoring({ retentionDays: { event: 3 } }),
      /retentionDays\.event is not known \(did you mean .*retentionDays\.events\?\): the allowed keys are events, minutely/,
    ],
    [
      monitoring({ backup: { storage: { size: "1Gi" }, keepDays: 3 } }),
      /backup\.keepDays is not known: the allowed keys are schedule, keep, storage, objectStore$/,
    ],
  ]);
});

test("a key of 0.1.0 is named with the one that took its place", () => {
  refuses([
    [
      { environment: "dev" },
      /^ds-monitoring:environment is now ds-monitoring:monitoring\.environment: see docs/,
    ],
    [{ kubeContext: "aks" }, /^ds-monitoring:kubeContext is now ds-monitoring:cluster\.existing\.context/],
    [
      { monitoring: least, cluster: { location: "eastus" } },
      /cluster\.location is not known \(did you mean ds-monitoring:cluster\.deploy\.location\?\)/,
    ],
  ]);
  for (const renamed of Object.values(renamedKeys)) {
    let at: unknown = schema;
    for (const key of renamed.replace(/ \(.*/, "").split(".")) {
      at = (at as { properties: Record<string, unknown> }).properties[key];
      assert.ok(at !== undefined, renamed);
    }
  }
});

/** Path and text of every value in an object. */
function leavesOf(value: unknown, path = ""): [string, string][] {
  if (typeof value !== "object" || value === null) return [[path, String(value)]];
  return Object.entries(value as Record<string, unknown>).flatMap(([key, entry]) =>
    leavesOf(entry, path === "" ? key : `${path}.${key}`),
  );
}

test("the schema, which is not checked at each start, is one", () => {
  const ajv = new Ajv({ strict: false });
  assert.ok(ajv.validateSchema(schema), ajv.errorsText());
});

describe("secrets", () => {
  const credential = (password: string) => ({ username: "me@example.com", password });
  const tokens = {
    fluentd: "the-fluentd-token",
    telegraf: "the-telegraf-token",
    grafana: "the-grafana-token",
  };
  const existing = {
    environment: "dev",
    influxDb: {
      existing: {
        url: "https://influx.example.com",
        organization: "acme",
        operatorToken: "the-influx-token",
        credentials: Object.fromEntries(
          Object.entries(tokens).map(([user, token]) => [user, credential(token)]),
        ),
      },
    },
    grafana: {
      existing: {
        url: "https://grafana.example.com",
        auth: "the-admin-token",
        influxDbUrl: "https://influx.example.com",
        alertmanagerUrl: "https://alerts.example.com",
      },
    },
    alertmanager: {
      existing: { url: "https://alerts.example.com", authorization: "Bearer the-alert-token" },
    },
  };

  test("are these, by the docs of the arguments", () => {
    const secretsOf = (value: Schema, path: string): string[] => [
      ...(value.secret === true ? [path] : []),
      ...Object.entries(value.properties ?? {}).flatMap(([key, inner]) => secretsOf(inner, `${path}.${key}`)),
    ];
    assert.deepEqual(secretsOf(schema as Schema, "").sort(), [
      ".cluster.existing.kubeconfig",
      ".monitoring.alertmanager.deploy.email.login.password",
      ".monitoring.alertmanager.existing.authorization",
      ".monitoring.fluentdAggregator.fullText.login.password",
      ".monitoring.grafana.deploy.entra.clientSecret",
      ".monitoring.grafana.existing.auth",
      ...["apps", "archive", "fluentd", "grafana", "telegraf"].map(
        (user) => `.monitoring.influxDb.existing.credentials.${user}.password`,
      ),
      ".monitoring.influxDb.existing.operatorToken",
    ]);
  });

  test("are outputs, and what is beside them in the same object stays plain", async () => {
    const { influxDb, grafana, alertmanager: alerts } = read({ monitoring: existing }).monitoring;
    assert.equal(influxDb?.existing?.organization, "acme");
    assert.equal(grafana?.existing?.url, "https://grafana.example.com");
    const secrets = [
      influxDb?.existing?.operatorToken,
      influxDb?.existing?.credentials?.grafana.password,
      grafana?.existing?.auth,
      alerts.existing?.authorization,
    ];
    for (const secret of secrets) assert.equal(await isSecret(secret), true);
  });

  test("of a mail server and a kubeconfig are outputs too", async () => {
    const login = { username: "mailer", password: "hush" };
    const { cluster, monitoring } = read({
      cluster: { existing: { kubeconfig: "apiVersion: v1" } },
      monitoring: { ...least, alertmanager: { deploy: { email: { ...email, login } } } },
    });
    assert.equal(await isSecret(cluster?.existing?.kubeconfig), true);
    const mailLogin = monitoring.alertmanager.deploy?.email?.login;
    assert.equal(mailLogin?.username, "mailer");
    assert.equal(await isSecret(mailLogin?.password), true);
  });

  test("are in no input of a resource in plain text", async () => {
    const { monitoring } = read({ monitoring: existing });
    const { resources } = await deploy(() => new Monitoring("monitoring", monitoring));
    assert.ok(resources.length > 20, `${resources.length} resources`);
    let found = 0;
    for (const { name, inputs, secrets } of resources) {
      for (const [path, value] of leavesOf(inputs)) {
        if (!/the-(influx|fluentd|telegraf|grafana|admin|alert)-token/.test(value)) continue;
        found += 1;
        assert.ok(
          secrets.some((secret) => path === secret || path.startsWith(`${secret}.`)),
          `${path} of ${name} holds a secret in plain text`,
        );
      }
    }
    assert.ok(found >= 4, `${found} inputs hold a secret`);
  });

  test("in plain text in the stack's file are taken with a warning that names the fix", async (context) => {
    const warn = context.mock.method(pulumi.log, "warn", () => Promise.resolve());
    read({ monitoring: existing });
    const messages = warn.mock.calls.map(({ arguments: [message] }) => message ?? "");
    assert.equal(messages.length, 6);
    assert.ok(
      messages.some((message) =>
        /^monitoring\.grafana\.existing\.auth is in plain text .*`pulumi config set --secret --path monitoring\.grafana\.existing\.auth`/.test(
          message,
        ),
      ),
      messages.join("\n"),
    );
    warn.mock.resetCalls();
    process.env.PULUMI_CONFIG_SECRET_KEYS = '["ds-monitoring:monitoring"]';
    context.after(() => delete process.env.PULUMI_CONFIG_SECRET_KEYS);
    read({ monitoring: existing });
    assert.equal(warn.mock.callCount(), 0);
  });

  test("in plain text beside encrypted ones are refused by their key", (context) => {
    const directory = mkdtempSync(join(tmpdir(), "ds-monitoring-config-"));
    process.env.PULUMI_CONFIG_SECRET_KEYS = '["ds-monitoring:monitoring"]';
    context.after(() => {
      delete process.env.PULUMI_CONFIG_SECRET_KEYS;
      rmSync(directory, { recursive: true });
    });
    const fileWith = (auth: unknown) =>
      stringify({
        config: {
          "ds-monitoring:monitoring": {
            ...existing,
            grafana: { existing: { ...existing.grafana.existing, auth } },
            influxDb: { existing: { url: "https://i.example.com", operatorToken: { secure: "v1:x" } } },
            alertmanager: { existing: { authorization: { secure: "v1:y" } } },
          },
        },
      });
    const file = join(directory, `Pulumi.${pulumi.getStack()}.yaml`);
    writeFileSync(file, fileWith(existing.grafana.existing.auth));
    assert.throws(
      () => read({ monitoring: existing }, directory),
      /^Error: monitoring\.grafana\.existing\.auth is in plain text .*beside encrypted secrets: encrypt it with `pulumi config set --secret --path monitoring\.grafana\.existing\.auth`/,
    );
    writeFileSync(file, fileWith({ secure: "v1:z" }));
    read({ monitoring: existing }, directory);
  });

  test("are not shown when they are wrong", () => {
    refuses([
      [
        {
          monitoring: {
            ...least,
            alertmanager: { existing: { url: "https://a.example.com", authorization: ["x"] } },
          },
        },
        /authorization is a object: it must be a secret: run `pulumi config set --secret --path monitoring\.alert/,
      ],
    ]);
  });

  test("that are missing, and parts of both kinds, are refused with the fix", () => {
    const influxDb = existing.influxDb.existing;
    const { fluentd } = influxDb.credentials;
    refuses([
      [
        { monitoring: { ...existing, influxDb: { existing: { ...influxDb, operatorToken: undefined } } } },
        /existing\.operatorToken is not set: .*`pulumi config set --secret --path monitoring\.influxDb\.existing\.operatorToken`/,
      ],
      [
        { monitoring: { ...existing, influxDb: { existing: { ...influxDb, credentials: { fluentd } } } } },
        /credentials\.telegraf is not set/,
      ],
      [
        { monitoring: { ...least, alertmanager: { ...alertmanager, ...existing.alertmanager } } },
        /alertmanager\.deploy and ds-monitoring:monitoring\.alertmanager\.existing exclude each other: .*remove one of the two/,
      ],
      [
        { monitoring: { ...least, grafana: {} } },
        /monitoring\.grafana is \{\}: it must be a mapping of deploy, existing/,
      ],
      [
        { monitoring: { ...existing, influxDb: { existing: { ...influxDb, url: "influx" } } } },
        /existing\.url is "influx": it must be a URL/,
      ],
      [
        { monitoring: least, cluster: { existing: {}, deploy: { location: "eastus" } } },
        /cluster\.deploy\.tags is not set|cluster\.deploy and ds-monitoring:cluster\.existing exclude each other/,
      ],
    ]);
  });
});

describe("cluster", () => {
  const pool = { vmSize: "Standard_D4s_v5", minCount: 0, maxCount: 2, spot: true };
  const good = {
    location: "eastus",
    tags: { owner: "data-team" },
    systemPool: { vmSize: "Standard_D2s_v5", minCount: 1, maxCount: 2 },
    userPools: { pipelines: pool },
  };
  const readCluster = (deploy_: unknown) => read({ monitoring: least, cluster: { deploy: deploy_ } }).cluster;

  test("a good cluster is read as it is written", () => {
    assert.deepEqual(readCluster(good), { deploy: good });
    assert.equal(readCluster({ ...good, blobCsiDriver: true })?.deploy?.blobCsiDriver, true);
  });

  const bad: [string, object, RegExp][] = [
    [
      "a missing key",
      { ...good, location: undefined },
      /^ds-monitoring:cluster\.deploy\.location is not set: it must be an Azure region, e\.g\. .*eastus/,
    ],
    [
      "an unknown key",
      { ...good, nodes: 3 },
      /cluster\.deploy\.nodes is not known: the allowed keys are location/,
    ],
    ["a wrong word", { ...good, tier: "Gold" }, /tier is "Gold": it must be "Free", "Standard"/],
    ["a wrong type", { ...good, privateCluster: "no" }, /privateCluster is "no": it must be true or false/],
    ["no tags", { ...good, tags: {} }, /deploy\.tags is \{\}: it must be a mapping of names, each to a text/],
    ["an empty tag", { ...good, tags: { owner: "" } }, /deploy\.tags\.owner is "": it must be a text/],
    [
      "no system pool",
      { ...good, systemPool: undefined },
      /systemPool is not set: it must be a mapping of vmSize/,
    ],
    [
      "an unknown pool key",
      { ...good, userPools: { a: { ...pool, sport: true } } },
      /userPools\.a\.sport is not known \(did you mean .*\.spot\?\): .*vmSize/,
    ],
    [
      "a wrong size",
      { ...good, systemPool: { ...good.systemPool, vmSize: "big" } },
      /systemPool\.vmSize is "big": it must be an Azure VM size/,
    ],
    [
      "a count of text",
      { ...good, userPools: { a: { ...pool, minCount: "1" } } },
      /userPools\.a\.minCount is "1": it must be a whole number/,
    ],
    [
      "a pool that is no mapping",
      { ...good, userPools: { a: 3 } },
      /userPools\.a is 3: it must be a mapping/,
    ],
    ["pools that are no mapping", { ...good, userPools: [pool] }, /userPools is \[.*it must be a mapping/],
    [
      "a wrong range",
      { ...good, network: { podRange: "10.0.0.0" } },
      /podRange is "10\.0\.0\.0": .*IPv4 range/,
    ],
    [
      "a wrong group",
      { ...good, entra: { adminGroupObjectIds: ["admins"] } },
      /adminGroupObjectIds\[0\] is "admins": it must be an Entra object id/,
    ],
    [
      "a wrong day",
      { ...good, maintenance: { day: "Sun" } },
      /maintenance\.day is "Sun": it must be "Monday"/,
    ],
    ["a wrong time", { ...good, maintenance: { startTime: "25:00" } }, /maintenance\.startTime is "25:00"/],
  ];
  for (const [name, cluster, message] of bad) {
    test(`${name} is refused with the key, what is allowed and an example`, () =>
      refuses([[{ monitoring: least, cluster: { deploy: cluster } }, message]]));
  }
});

// Half a cluster must not compile either.
export const halfClusters: StackConfig["cluster"][] = [
  // @ts-expect-error neither made nor given
  {},
  // @ts-expect-error a cluster that is made needs its place, tags and system pool
  { deploy: { location: "eastus" } },
  // @ts-expect-error made and given exclude each other
  { deploy: {} as AksClusterArgs, existing: {} },
];
