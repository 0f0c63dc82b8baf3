import { Monitoring, type MonitoringArgs, type MonitoringConnection } from "../../../components";
import { penguins, penguinsProbe } from "../../../examples/penguins/penguins";

/** The connection of a platform that runs elsewhere. */
export const connection: MonitoringConnection = {
  namespace: "monitoring",
  environment: "test",
  fluentdHost: "fluentd-aggregator.monitoring.svc",
  fluentdPort: 24224,
  fluentdSharedKey: "the-shared-key",
  influxDbUrl: "http://influxdb.monitoring.svc:8086",
  influxDbUsername: "apps",
  influxDbPassword: "the-apps-password",
  grafanaUrl: "http://grafana.monitoring.svc:3000",
  grafanaReadsConfigMaps: true,
};

/** A mail server that asks for a login. */
export const email = {
  smarthost: "smtp.example.com:587",
  from: "monitoring@example.com",
  to: ["team@example.com"],
  login: { username: "mailer", password: "the-smtp-password" },
};

/** A platform with every part deployed, but for what a test says otherwise. */
export function platform(args: Partial<MonitoringArgs> = {}): Monitoring {
  return new Monitoring("monitoring", { environment: "test", alertmanager: { deploy: { email } }, ...args });
}

/** All that the stack `local` is made of. */
export function wholeStack(args: Partial<MonitoringArgs> = {}): void {
  const { connection: monitoring } = platform({ telegraf: { probes: [penguinsProbe] }, ...args });
  penguins(
    {
      monitoring,
      registry: "registry.example.com",
      storage: { size: "1Gi" },
      protect: false,
    },
    {},
  );
}

/** The whole stack with every part that may be left out. */
export function everyPart(args: Partial<MonitoringArgs> = {}): void {
  const storage = { size: "1Gi" };
  wholeStack({ backup: { storage }, archive: { storage }, fluentdAggregator: { replicas: 2 }, ...args });
}
