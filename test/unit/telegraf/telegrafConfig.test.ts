import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { renderTelegrafConfig } from "../../../components/telegraf/telegrafConfig";

const base = { influxDbUrl: "http://influxdb:8086", environment: "test" };

describe("renderTelegrafConfig", () => {
  it("writes with a user name and password from the environment, and no other secret", () => {
    const config = renderTelegrafConfig(base);
    assert.match(config, /username = "\$\{INFLUXDB_USERNAME\}"\n {2}password = "\$\{INFLUXDB_PASSWORD\}"/);
    assert.match(config, /skip_database_creation = true/);
    assert.match(config, /retention_policy = "events"/);
  });

  it("probes each address as the service behind it", () => {
    const config = renderTelegrafConfig({
      ...base,
      probes: [
        { url: "http://churn:8080/healthz", service: "churn" },
        { url: "https://fraud/ready", service: "fraud", environment: "prod", expectedStatus: 204 },
      ],
    });
    assert.equal(config.match(/\[\[inputs\.http_response\]\]/g)?.length, 2);
    const fraud = config.slice(
      config.indexOf('urls = ["https://fraud/ready"]'),
      config.indexOf("[[inputs.prometheus]]"),
    );
    assert.match(fraud, /response_status_code = 204/);
    assert.match(fraud, /\[inputs\.http_response\.tags\]\n {4}service = "fraud"\n {4}environment = "prod"/);
  });

  it("leaves Kubernetes, Alertmanager and Fluentd out where they are not there", () => {
    const config = renderTelegrafConfig({ ...base, kubernetes: false });
    assert.doesNotMatch(config, /inputs\.kube|inputs\.fluentd|alertmanager/);
    const whole = renderTelegrafConfig({
      ...base,
      alertmanagerUrl: "http://alertmanager:9093",
      fluentdUrls: ["http://fluentd-aggregator.monitoring.svc:24220"],
    });
    assert.match(whole, /"http:\/\/alertmanager:9093\/metrics"/);
    assert.match(
      whole,
      /endpoint = "http:\/\/fluentd-aggregator\.monitoring\.svc:24220\/api\/plugins\.json"\n.*\n {4}service = "fluentd-aggregator"/,
    );
    assert.match(whole, /\[\[inputs\.kubernetes\]\]/);
  });

  it("reads when the certificates of https addresses expire, and of no others", () => {
    const probes = [
      { url: "https://churn.example.com/healthz", service: "churn" },
      { url: "http://fraud:8080/healthz", service: "fraud" },
    ];
    const config = renderTelegrafConfig({ ...base, probes });
    assert.equal(config.match(/\[\[inputs\.x509_cert\]\]/g)?.length, 1);
    assert.match(config, /sources = \["https:\/\/churn\.example\.com:443"\]/);
  });

  it("refuses what would not be the configuration that was meant", () => {
    assert.throws(
      () => renderTelegrafConfig({ ...base, influxDbUrl: "influxdb:8086" }),
      /influxDbUrl must begin with http/,
    );
    assert.throws(() => renderTelegrafConfig({ ...base, environment: "${HOME}" }), /holds a "\$"/);
    assert.throws(
      () => renderTelegrafConfig({ ...base, intervalSeconds: 0 }),
      /intervalSeconds must be whole seconds/,
    );
    assert.throws(
      () => renderTelegrafConfig({ ...base, probes: [{ url: "churn", service: "churn" }] }),
      /url of churn must begin with http/,
    );
  });
});
