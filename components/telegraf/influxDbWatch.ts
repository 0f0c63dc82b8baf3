import { configFolder } from "./kubernetesInputs";
import { baseUrl, toml } from "./toml";

/** What is posted while InfluxDB does not answer: an alert without its times, as Alertmanager's API takes it. */
export interface PostedAlertTexts {
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
}

/** Its files, beside the configuration. */
export const influxDbWatchFiles = { script: "influxdb.sh", alert: "influxdb-alert.json" };

/** Seconds for which InfluxDB does not answer before it is reported: a restart takes less. */
const awaySeconds = 60;

/** Seconds after its last post at which the alert ends. */
const firingSeconds = 60;

/**
 * Shell script that posts the alert beside it to Alertmanager while InfluxDB, which evaluates all rules, does not answer:
 * nobody else would hear of it. It fails when Alertmanager does not answer either. Telegraf's image has curl.
 *
 * Arguments: base URLs of InfluxDB and of Alertmanager. Environment: ALERTMANAGER_AUTHORIZATION, where it asks for a login.
 *
 * Source: https://docs.influxdata.com/influxdb/v2/api/#operation/GetPing
 */
export const influxDbWatchScript = `#!/bin/sh
since=\${TMPDIR:-/tmp}/influxdb-away
if curl --silent --fail --output /dev/null --max-time 5 "$1/ping"; then
  rm -f "$since"
  exit 0
fi
now=$(date +%s)
[ -e "$since" ] || echo "$now" > "$since"
[ $((now - $(cat "$since"))) -ge \${AWAY_SECONDS:-${awaySeconds}} ] || exit 0
alert=$(cat "\${0%/*}/${influxDbWatchFiles.alert}")
body="[{\\"endsAt\\":\\"$(date -u -d "@$((now + ${firingSeconds}))" +%Y-%m-%dT%H:%M:%SZ)\\",\${alert#?}]"
printf 'Authorization: %s' "$ALERTMANAGER_AUTHORIZATION" |
  curl --silent --show-error --fail --output /dev/null --max-time 5 --header @- \\
    --header 'Content-Type: application/json' --data "$body" "$2/api/v2/alerts"
`;

/** The input that runs it. */
export function influxDbWatch(influxDbUrl: string, alertmanagerUrl: string): string {
  const [influxDb, alertmanager] = [
    baseUrl("influxDbUrl", influxDbUrl),
    baseUrl("URL of alertmanager", alertmanagerUrl),
  ];
  return `[[inputs.exec]]
  alias = "watch of InfluxDB"
  commands = [${toml(`sh ${configFolder}/${influxDbWatchFiles.script} ${influxDb} ${alertmanager}`)}]
  interval = "10s"
  timeout = "15s"
  data_format = "prometheus"
`;
}
