/**
 * Every container image of the platform, pinned by version, in this one file.
 *
 * Raise a version here and nowhere else; the policy pack refuses `latest` and missing tags.
 */
export const images = {
  /** Stock image: uid and gid 999 (`fluent`) since 1.19. Core plugins only. */
  fluentd: "fluent/fluentd:v1.19.3-debian-1.0",
  influxdb: "influxdb:2.9.1",
  grafana: "grafana/grafana:13.2.0",
  /** Brings the dashboards of apps to Grafana; answers /healthz since 2.0. */
  k8sSidecar: "kiwigrid/k8s-sidecar:2.10.1",
  alertmanager: "prom/alertmanager:v0.31.1",
  telegraf: "telegraf:1.37.2",
  /** Runs the bundled programs: the InfluxDB reconcile Job and the archive of raw events. */
  node: "node:22.22.0-bookworm-slim",
  /** Copies backups to and from an object store, where `backup.objectStore` is set. */
  rclone: "rclone/rclone:1.75.1",
} as const;

/**
 * What one of the images is called in a mirror.
 *
 * @param registry the mirror, with a folder in it where wanted
 * @throws Error naming `imageRegistry` when it is no registry
 */
export function mirrored(registry: string, image: string): string {
  if (!/^[a-z0-9.-]+(:\d+)?(\/[a-z0-9._-]+)*$/.test(registry)) {
    throw new Error(
      `imageRegistry is "${registry}": it must be a registry, with a folder in it where wanted, and without https:// or a slash at its end, e.g. "acme.azurecr.io/mirror"`,
    );
  }
  return `${registry}/${image}`;
}
