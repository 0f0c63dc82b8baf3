import { selectorLabels, standardLabels } from "../kubernetes/labels";

/** A part of the platform as the other parts see it. */
export interface Part {
  /** Name of its Service and of its workload. */
  name: string;
  /** Port of its Service. */
  port: number;
  /** Labels of its objects. */
  labels: Record<string, string>;
  /** The labels that select its pods. */
  podLabels: Record<string, string>;
}

function part(name: string, component: string, port: number): Part {
  const identity = { name, instance: name };
  return {
    name,
    port,
    labels: standardLabels({ ...identity, component }),
    podLabels: selectorLabels(identity),
  };
}

/** Names, ports and labels of the platform's parts: what each needs to know of the others. */
export const parts = {
  influxDb: part("influxdb", "database", 8086),
  /** Job that brings InfluxDB to its desired state; it listens nowhere, so its port is InfluxDB's. */
  influxDbReconcile: part("influxdb-reconcile", "database-setup", 8086),
  /** CronJob that backs InfluxDB up; it listens nowhere, so its port is InfluxDB's. */
  influxDbBackup: part("influxdb-backup", "database-backup", 8086),
  /** CronJob that archives the raw events; it listens nowhere, so its port is InfluxDB's. */
  influxDbArchive: part("influxdb-archive", "database-archive", 8086),
  fluentdAggregator: part("fluentd-aggregator", "log-aggregator", 24224),
  grafana: part("grafana", "dashboards", 3000),
  alertmanager: part("alertmanager", "alerting", 9093),
  telegraf: part("telegraf", "metrics-agent", 9273),
} as const;

/** Port of Fluentd's monitor agent. */
export const fluentdMonitorPort = 24220;

/** URL of a part's Service, as seen from any namespace of the cluster. */
export function serviceUrl(service: Part, namespace: string): string {
  return `http://${serviceHost(service, namespace)}:${service.port}`;
}

/** Host name of a part's Service, as seen from any namespace of the cluster. */
export function serviceHost(service: Part, namespace: string): string {
  return `${service.name}.${namespace}.svc`;
}
