import assert from "node:assert/strict";
import { test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { aksIngress } from "../../../components/azure/ingress";
import { dashboards } from "../../../dashboards";
import { deploy, find, isSecret, listed, valueOf } from "../support/deploy";
import { email, platform } from "../support/fixtures";
import { podOf, variableOf } from "../support/pods";

const settings = (inputs: Record<string, unknown>) => inputs["stringData"] as Record<string, string>;
const data = (inputs: Record<string, unknown>) => inputs["data"] as Record<string, string>;
const monitorsOf = (files: Record<string, string>) =>
  [...(files["telegraf.conf"] ?? "").matchAll(/endpoint = "(.*)\/api\/plugins\.json"/g)].map(
    (match) => match[1],
  );

test("InfluxDB sets itself up from files, on a volume that outlives it", async () => {
  const { resources } = await deploy(() => platform());
  const pod = podOf(resources, "StatefulSet monitoring-influxdb");
  const [container] = pod.containers;
  assert.equal(variableOf(container, "DOCKER_INFLUXDB_INIT_MODE"), "setup");
  assert.equal(variableOf(container, "DOCKER_INFLUXDB_INIT_ORG"), "ds-monitoring");
  assert.equal(variableOf(container, "DOCKER_INFLUXDB_INIT_BUCKET"), "events");
  for (const name of ["DOCKER_INFLUXDB_INIT_PASSWORD_FILE", "DOCKER_INFLUXDB_INIT_ADMIN_TOKEN_FILE"]) {
    assert.match(String(variableOf(container, name)), /^\/run\/secrets\/influxdb\//);
  }
  const { inputs } = find(resources, "StatefulSet", "monitoring-influxdb");
  const spec = inputs["spec"] as Record<string, unknown>;
  assert.deepEqual(spec["persistentVolumeClaimRetentionPolicy"], {
    whenDeleted: "Retain",
    whenScaled: "Retain",
  });
  assert.equal(spec["serviceName"], "influxdb");
});

test("what holds data, and the passwords of its first start, are protected unless said otherwise", async () => {
  const guarded = async (protect?: boolean) => {
    const { resources } = await deploy(() => platform({ protect }));
    return listed(resources.filter((resource) => resource.protect));
  };
  assert.deepEqual(await guarded(), [
    "Namespace monitoring < RestrictedNamespace monitoring",
    "RandomPassword monitoring-influxdb-operator-token < InfluxDb monitoring-influxdb",
    "RandomPassword monitoring-influxdb-password < InfluxDb monitoring-influxdb",
    "StatefulSet monitoring-alertmanager < Alertmanager monitoring-alertmanager",
    "StatefulSet monitoring-fluentd-aggregator < FluentdAggregator monitoring-fluentd-aggregator",
    "StatefulSet monitoring-influxdb < InfluxDb monitoring-influxdb",
  ]);
  assert.deepEqual(await guarded(false), []);
});

test("passwords are not replaced when a later version would generate them differently", async () => {
  const { resources } = await deploy(() => platform());
  const passwords = resources.filter(({ type }) => type.endsWith(":RandomPassword"));
  assert.equal(passwords.length, 8);
  for (const { name, inputs, ignoreChanges } of passwords) {
    assert.deepEqual([inputs["length"], inputs["special"]], [40, false], name);
    assert.deepEqual(ignoreChanges, ["length", "special"], name);
  }
});

test("the reconcile Job waits for InfluxDB and knows each user's password", async () => {
  const { resources } = await deploy(() => platform());
  const { inputs } = find(resources, "Secret", "monitoring-influxdb-reconcile-credentials");
  assert.deepEqual(settings(inputs), {
    INFLUXDB_TOKEN: "password-of-monitoring-influxdb-operator-token",
    INFLUXDB_APPS_PASSWORD: "password-of-monitoring-influxdb-apps",
    INFLUXDB_FLUENTD_PASSWORD: "password-of-monitoring-influxdb-fluentd",
    INFLUXDB_TELEGRAF_PASSWORD: "password-of-monitoring-influxdb-telegraf",
    INFLUXDB_GRAFANA_PASSWORD: "password-of-monitoring-influxdb-grafana",
  });
  const job = find(resources, "Job", "monitoring-influxdb-reconcile");
  assert.ok(job.dependencies.some((urn) => urn.endsWith("apps/v1:StatefulSet::monitoring-influxdb")));
});

test("each user of InfluxDB signs in with its own password", async () => {
  const { resources } = await deploy(() => platform());
  const users = [
    ["fluentd", "monitoring-fluentd-aggregator-credentials", "StatefulSet monitoring-fluentd-aggregator"],
    ["telegraf", "monitoring-telegraf-credentials", "Deployment monitoring-telegraf"],
  ] as const;
  for (const [user, secret, workload] of users) {
    const { inputs } = find(resources, "Secret", secret);
    assert.equal(settings(inputs)["influxDbPassword"], `password-of-monitoring-influxdb-${user}`);
    const [container] = podOf(resources, workload).containers;
    assert.equal(variableOf(container, "INFLUXDB_USERNAME"), user);
    assert.deepEqual(variableOf(container, "INFLUXDB_PASSWORD"), {
      secretKeyRef: { name: `${secret}-auto`, key: "influxDbPassword" },
    });
  }
});

test("the aggregator's buffer fills seven tenths of its volume", async () => {
  const { resources } = await deploy(() => platform({ fluentdAggregator: { storage: { size: "1Gi" } } }));
  const { inputs } = find(resources, "ConfigMap", "monitoring-fluentd-aggregator-config");
  assert.match(data(inputs)["fluent.conf"] ?? "", /total_limit_size 751619276\b/);
});

test("one aggregator is as it always was: no object more, and Telegraf asks it through its Service", async () => {
  const { resources } = await deploy(() => platform());
  const ofAggregator = resources.filter(({ name }) => name.startsWith("monitoring-fluentd-aggregator"));
  assert.deepEqual(
    ofAggregator.filter(({ type }) => /:(Service|PodDisruptionBudget)$/.test(type)).map(({ name }) => name),
    ["monitoring-fluentd-aggregator"],
  );
  assert.equal(
    podOf(resources, "StatefulSet monitoring-fluentd-aggregator").topologySpreadConstraints,
    undefined,
  );
  const { inputs } = find(resources, "ConfigMap", "monitoring-telegraf-config");
  assert.deepEqual(monitorsOf(data(inputs)), ["http://fluentd-aggregator.monitoring.svc:24220"]);
});

test("three aggregators: a volume and a monitored Service each, one may be drained, and the sidecars see one host", async () => {
  const { resources, result } = await deploy(() => platform({ fluentdAggregator: { replicas: 3 } }));
  const { inputs } = find(resources, "StatefulSet", "monitoring-fluentd-aggregator");
  const spec = inputs["spec"] as Record<string, unknown>;
  assert.equal(spec["replicas"], 3);
  // What is immutable is as with one: growing from one to three replaces nothing.
  assert.equal(spec["serviceName"], "fluentd-aggregator");
  assert.equal(spec["podManagementPolicy"], undefined);
  const [spread] =
    podOf(resources, "StatefulSet monitoring-fluentd-aggregator").topologySpreadConstraints ?? [];
  assert.deepEqual(
    [spread?.topologyKey, spread?.whenUnsatisfiable],
    ["kubernetes.io/hostname", "ScheduleAnyway"],
  );

  const ordinals = [0, 1, 2];
  for (const ordinal of ordinals) {
    const service = find(resources, "Service", `monitoring-fluentd-aggregator-${ordinal}`).inputs;
    const { selector, ports } = service["spec"] as { selector: Record<string, string>; ports: object[] };
    assert.equal(selector["statefulset.kubernetes.io/pod-name"], `fluentd-aggregator-${ordinal}`);
    assert.deepEqual(ports, [{ name: "monitor", port: 24220, targetPort: "monitor" }]);
  }
  const telegraf = find(resources, "ConfigMap", "monitoring-telegraf-config").inputs;
  assert.deepEqual(
    monitorsOf(data(telegraf)),
    ordinals.map((ordinal) => `http://fluentd-aggregator-${ordinal}.monitoring.svc:24220`),
  );
  const budget = find(resources, "PodDisruptionBudget", "monitoring-fluentd-aggregator").inputs;
  assert.equal((budget["spec"] as { maxUnavailable: number }).maxUnavailable, 1);
  assert.equal(await valueOf(result.connection.fluentdHost), "fluentd-aggregator.monitoring.svc");
});

test("a number of aggregators that is none is refused with an example", async () => {
  for (const replicas of [0, 1.5, Number.NaN]) {
    await assert.rejects(
      deploy(() => platform({ fluentdAggregator: { replicas } })),
      new RegExp(
        `FluentdAggregator "monitoring-fluentd-aggregator": replicas must be a whole number, at least 1, e.g. 2; got ${replicas}`,
      ),
    );
  }
});

test("Alertmanager reads its password from a file, and has no cluster peers", async () => {
  const { resources } = await deploy(() => platform());
  const { inputs } = find(resources, "Secret", "monitoring-alertmanager-config");
  const { "alertmanager.yml": config = "", smtpPassword } = settings(inputs);
  assert.equal(smtpPassword, "the-smtp-password");
  assert.doesNotMatch(config, /the-smtp-password/);
  assert.match(config, /smtp_auth_password_file: \/etc\/alertmanager\/secrets\/smtpPassword/);
  const [container] = podOf(resources, "StatefulSet monitoring-alertmanager").containers;
  assert.ok(container?.args?.includes("--cluster.listen-address="));
});

test("a mail server without login gets none", async () => {
  const { login: _, ...open } = email;
  const { resources } = await deploy(() => platform({ alertmanager: { deploy: { email: open } } }));
  const { inputs } = find(resources, "Secret", "monitoring-alertmanager-config");
  assert.deepEqual(Object.keys(settings(inputs)), ["alertmanager.yml"]);
  assert.doesNotMatch(settings(inputs)["alertmanager.yml"] ?? "", /smtp_auth/);
});

test("the Watchdog has its URL, and a flow to it", async () => {
  const watchdogUrl = "https://watch.example.com:8443/secret-path";
  const { resources } = await deploy(() => platform({ alertmanager: { deploy: { email, watchdogUrl } } }));
  const { inputs: policy } = find(resources, "NetworkPolicy", "monitoring-alertmanager");
  assert.match(JSON.stringify(policy), /"port":8443/);
  assert.doesNotMatch(JSON.stringify(policy), /secret-path/);
  const files = settings(find(resources, "Secret", "monitoring-alertmanager-config").inputs);
  assert.equal(files.watchdogUrl, watchdogUrl);
  assert.match(files["alertmanager.yml"] ?? "", /url_file: \/etc\/alertmanager\/secrets\/watchdogUrl/);
  assert.doesNotMatch(files["alertmanager.yml"] ?? "", /secret-path/);
});

test("who has no URL for the Watchdog is told, once, unless the data is not protected either", async (t) => {
  const warn = t.mock.method(pulumi.log, "warn", async () => {});
  const told = () => warn.mock.calls.map(({ arguments: [message] }) => message);
  await deploy(() =>
    platform({ alertmanager: { deploy: { email, watchdogUrl: "https://w.example.com/x" } } }),
  );
  await deploy(() => platform({ protect: false, alertmanager: { deploy: { email } } }));
  await deploy(() => platform({ alertmanager: { existing: { url: "http://a.example.com:9093" } } }));
  assert.deepEqual(told(), []);
  await deploy(() => platform({ alertmanager: { deploy: { email } } }));
  assert.equal(told().length, 1);
  assert.match(String(told()[0]), /^alertmanager\.deploy\.watchdogUrl is not set: .* Give it the URL/);
});

test("each receiver has its secrets in files, and a flow to its URL", async () => {
  const receivers = {
    team: { slack: { url: "https://slack.example.com:8444/secret-1" } },
    duty: {
      pagerDuty: { integrationKey: "secret-2" },
      webhook: { url: "http://hook.tickets.svc/x", podPort: 8088 },
    },
  };
  const { resources } = await deploy(() => platform({ alertmanager: { deploy: { receivers } } }));
  const files = settings(find(resources, "Secret", "monitoring-alertmanager-config").inputs);
  const { "alertmanager.yml": config = "", ...secrets } = files;
  assert.deepEqual(secrets, {
    "team.slack.url": "https://slack.example.com:8444/secret-1",
    "duty.pagerDuty.integrationKey": "secret-2",
    "duty.webhook.url": "http://hook.tickets.svc/x",
  });
  for (const file of Object.keys(secrets)) {
    assert.ok(config.includes(`/etc/alertmanager/secrets/${file}`), file);
  }
  const { inputs: policy } = find(resources, "NetworkPolicy", "monitoring-alertmanager");
  const { egress } = policy["spec"] as { egress: { to: object[]; ports: { port: number }[] }[] };
  assert.deepEqual(
    egress.map(({ to, ports }) => [ports[0]?.port, to.length]),
    // The webhook's namespace is named besides the addresses.
    [
      [8444, 1],
      [443, 1],
      [8088, 2],
    ],
  );
  assert.doesNotMatch(JSON.stringify(policy) + config, /secret-\d/);
});

test("an Alertmanager that tells nobody is refused, and the key is named", async () => {
  await assert.rejects(
    deploy(() => platform({ alertmanager: { deploy: {} } })),
    /alertmanager\.deploy\.receivers: nobody gets a critical alert .*: give email\.to, or one receiver/,
  );
});

test("a mail server without a port is refused with an example", async () => {
  await assert.rejects(
    deploy(() =>
      platform({ alertmanager: { deploy: { email: { ...email, smarthost: "smtp.example.com" } } } }),
    ),
    /email.smarthost must be host:port, e.g. "smtp.example.com:587", got "smtp.example.com"/,
  );
});

test("Grafana is provisioned with both data sources, without the password in the file", async () => {
  const { resources } = await deploy(() => platform());
  const { inputs } = find(resources, "ConfigMap", "monitoring-grafana-provisioning");
  const { datasources } = JSON.parse(data(inputs)["datasources.yaml"] ?? "") as {
    datasources: { uid: string; url: string; secureJsonData?: object; jsonData: object }[];
  };
  assert.deepEqual(
    datasources.map(({ uid, url }) => [uid, url]),
    [
      ["influxdb", "http://influxdb.monitoring.svc:8086"],
      ["alertmanager", "http://alertmanager.monitoring.svc:9093"],
    ],
  );
  assert.deepEqual(datasources[0]?.secureJsonData, { basicAuthPassword: "$INFLUXDB_PASSWORD" });
  assert.deepEqual(datasources[0]?.jsonData, { version: "InfluxQL", dbName: "monitoring", httpMode: "POST" });
});

test("each dashboard has a ConfigMap of its own, and each folder a volume that holds nothing else", async () => {
  const own = { uid: "churn", title: "Churn", folder: "Apps", json: '{"uid":"churn"}' };
  const { resources } = await deploy(() => platform({ dashboards: [own] }));
  const maps = resources.filter(({ name }) => name.startsWith("monitoring-grafana-dashboard-"));
  assert.equal(maps.length, dashboards().length + 1);
  const pod = podOf(resources, "Deployment monitoring-grafana");
  const mounts = pod.containers[0]?.volumeMounts ?? [];
  const files = (folder: string) => {
    const mount = mounts.find(({ mountPath }) => mountPath === `/var/lib/dashboards/${folder}`);
    const volume = pod.volumes?.find(({ name }) => name === mount?.name);
    const { sources } = volume?.["projected"] as { sources: { configMap: { name: string } }[] };
    return sources.map(({ configMap }) => configMap.name);
  };
  const names = maps.map(({ name }) => `${name}-auto`);
  assert.deepEqual(files("Data science monitoring"), names.slice(0, -1));
  assert.deepEqual(files("Apps"), names.slice(-1));
});

test("Grafana starts without errors: each folder of provisioning is there, no plugin is fetched, and memory is 1Gi", async () => {
  const { resources } = await deploy(() => platform());
  const [container] = podOf(resources, "Deployment monitoring-grafana").containers;
  assert.deepEqual(
    (container?.volumeMounts ?? [])
      .map(({ mountPath }) => String(mountPath))
      .filter((path) => path.startsWith("/etc/grafana/provisioning/"))
      .sort(),
    ["alerting", "dashboards", "datasources", "plugins"].map((kind) => `/etc/grafana/provisioning/${kind}`),
  );
  const { inputs } = find(resources, "ConfigMap", "monitoring-grafana-provisioning");
  for (const file of ["alerting.yaml", "plugins.yaml"])
    assert.deepEqual(JSON.parse(data(inputs)[file] ?? ""), { apiVersion: 1 }, file);
  assert.equal(variableOf(container, "GF_PLUGINS_PREINSTALL_DISABLED"), "true");
  assert.deepEqual(container?.["resources"]?.limits?.memory, "1Gi");
});

test("Telegraf may read statistics, and run nothing", async () => {
  const { resources } = await deploy(() => platform());
  const { inputs } = find(resources, "ClusterRole", "monitoring-telegraf");
  const rules = inputs["rules"] as { resources: string[]; verbs: string[] }[];
  assert.deepEqual([...new Set(rules.flatMap(({ verbs }) => verbs))].sort(), ["get", "list", "watch"]);
  assert.deepEqual(rules.flatMap((rule) => rule.resources).sort(), [
    "cronjobs",
    "deployments",
    "horizontalpodautoscalers",
    "jobs",
    "nodes",
    "nodes/metrics",
    "nodes/pods",
    "nodes/stats",
    "persistentvolumeclaims",
    "pods",
    "resourcequotas",
  ]);
});

test("configurations get a new name with new content, and their pods with them", async () => {
  const { resources } = await deploy(() => platform());
  for (const { type, name, inputs } of resources) {
    if (!/:(ConfigMap|Secret)$/.test(type)) continue;
    assert.equal(inputs["immutable"], true, name);
    assert.equal((inputs["metadata"] as { name?: string }).name, undefined, name);
  }
});

test("passwords that the platform gives out are secret", async () => {
  const { result } = await deploy(() => platform());
  assert.equal(await isSecret(result.grafanaAdminPassword), true);
  assert.equal(await isSecret(result.grafanaUrl), false);
});

test("Grafana's ingress ends TLS, lets only the controller in, and gives mails their links", async () => {
  const ingress = aksIngress({ host: "grafana.example.com", clusterIssuer: "letsencrypt" });
  const { resources, result } = await deploy(() => platform({ grafana: { deploy: { ingress } } }));
  const { inputs } = find(resources, "Ingress", "monitoring-grafana");
  const { metadata, spec } = inputs as {
    metadata: { annotations: object };
    spec: { ingressClassName: string; tls: object[]; rules: { host: string }[] };
  };
  assert.deepEqual(metadata.annotations, { "cert-manager.io/cluster-issuer": "letsencrypt" });
  assert.equal(spec.ingressClassName, "webapprouting.kubernetes.azure.com");
  assert.deepEqual(spec.tls, [{ hosts: ["grafana.example.com"], secretName: "grafana-tls" }]);
  assert.equal(spec.rules[0]?.host, "grafana.example.com");
  const policy = find(resources, "NetworkPolicy", "monitoring-grafana").inputs as {
    spec: { ingress: { from: { namespaceSelector: { matchLabels: object } }[] }[] };
  };
  assert.deepEqual(
    policy.spec.ingress.flatMap(({ from }) =>
      from.map(({ namespaceSelector }) => namespaceSelector.matchLabels),
    ),
    [{ "kubernetes.io/metadata.name": "app-routing-system" }],
  );
  assert.equal(await valueOf(result.grafanaUrl), "https://grafana.example.com");
});

test("with an issuer, the controller also reaches the pod that answers an HTTP-01 challenge in Grafana's namespace", async () => {
  const ingress = aksIngress({ host: "grafana.example.com", clusterIssuer: "letsencrypt" });
  const { resources } = await deploy(() => platform({ grafana: { deploy: { ingress } } }));
  const { metadata, spec } = find(resources, "NetworkPolicy", "monitoring-grafana-acme-solver").inputs as {
    metadata: { namespace: string };
    spec: object;
  };
  assert.equal(metadata.namespace, "monitoring");
  // Label and port of the solver: cert-manager's pkg/issuer/acme/http.
  assert.deepEqual(spec, {
    podSelector: { matchLabels: { "acme.cert-manager.io/http01-solver": "true" } },
    policyTypes: ["Ingress"],
    ingress: [
      {
        from: [
          {
            namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "app-routing-system" } },
            podSelector: {},
          },
        ],
        ports: [{ port: 8089, protocol: "TCP" }],
      },
    ],
  });
});

test("without an ingress Grafana is not reachable from outside", async () => {
  const { resources } = await deploy(() => platform());
  assert.equal(resources.filter(({ type }) => type.endsWith(":Ingress")).length, 0);
});

test("the Service of the aggregator has each port that Telegraf reads", async () => {
  const { resources } = await deploy(() => platform());
  const config = find(resources, "ConfigMap", "monitoring-telegraf-config").inputs["data"] as Record<
    string,
    string
  >;
  const [, port] = /fluentd-aggregator\.monitoring\.svc:(\d+)/.exec(config["telegraf.conf"] ?? "") ?? [];
  const { ports } = find(resources, "Service", "monitoring-fluentd-aggregator").inputs["spec"] as {
    ports: { port: number; targetPort: string }[];
  };
  assert.deepEqual(
    ports.map((each) => [each.port, each.targetPort]),
    [
      [24224, "forward"],
      [Number(port), "monitor"],
    ],
  );
});
