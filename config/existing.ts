import type * as pulumi from "@pulumi/pulumi";
import type {
  ExistingAlertmanager,
  ExistingCredentials,
  ExistingGrafana,
  ExistingInfluxDb,
} from "../components";
import { type ConfigSource, mapping, required, textLike } from "./reader";

const url = textLike(/^https?:\/\/[^\s/]+\S*$/, "a URL", "https://influxdb.example.com:8086");
const text = textLike(/\S/, "a text", "acme");

/**
 * An InfluxDB that exists, from `existingInfluxDb` and its secrets; undefined when the stack deploys one.
 *
 * @param archive whether its events are archived, for which a token is needed where tokens are made by hand
 */
export function readExistingInfluxDb(
  source: ConfigSource,
  config: pulumi.Config,
  archive: boolean,
): ExistingInfluxDb | undefined {
  const existing = mapping(source, "existingInfluxDb", ["url", "organization", "username"]);
  const operatorToken = config.getSecret("influxDbToken");
  const tokens = ["Fluentd", "Telegraf", "Grafana", "Archive"].map((user) => `influxDbToken${user}`);
  refuseAlone(source, "existingInfluxDb", existing, ["influxDbToken", ...tokens]);
  if (existing === undefined) return undefined;
  const username = existing.get("username") === undefined ? undefined : required(existing, "username", text);
  return {
    url: required(existing, "url", url),
    organization: required(existing, "organization", text),
    operatorToken: secretOf(source, "existingInfluxDb", "influxDbToken", operatorToken),
    ...(username === undefined
      ? refuseTokensWithoutUser(source, tokens)
      : { credentials: readCredentials(source, config, username, archive) }),
  };
}

/** A Grafana that exists, from `existingGrafana` and `grafanaAuth`; undefined when the stack deploys one. */
export function readExistingGrafana(
  source: ConfigSource,
  config: pulumi.Config,
): ExistingGrafana | undefined {
  const existing = mapping(source, "existingGrafana", ["url", "influxDbUrl", "alertmanagerUrl"]);
  refuseAlone(source, "existingGrafana", existing, ["grafanaAuth"]);
  if (existing === undefined) return undefined;
  return {
    url: required(existing, "url", url),
    auth: secretOf(source, "existingGrafana", "grafanaAuth", config.getSecret("grafanaAuth")),
    influxDbUrl: required(existing, "influxDbUrl", url),
    alertmanagerUrl: required(existing, "alertmanagerUrl", url),
  };
}

/** An Alertmanager that exists, from `existingAlertmanager`; undefined when the stack deploys one. */
export function readExistingAlertmanager(
  source: ConfigSource,
  config: pulumi.Config,
): ExistingAlertmanager | undefined {
  const existing = mapping(source, "existingAlertmanager", ["url"]);
  refuseAlone(source, "existingAlertmanager", existing, ["alertmanagerAuthorization"]);
  if (existing === undefined) return undefined;
  return {
    url: required(existing, "url", url),
    authorization: config.getSecret("alertmanagerAuthorization"),
  };
}

/**
 * Two keys of which each makes the other meaningless.
 *
 * @throws Error when both are set
 */
export function refuseBoth(source: ConfigSource, one: string, other: string): void {
  if (source.get(one) === undefined || source.get(other) === undefined) return;
  throw new Error(
    `${source.prefix}${one} and ${source.prefix}${other} exclude each other: ` +
      "a part is either deployed or exists already; remove one of the two",
  );
}

function readCredentials(
  source: ConfigSource,
  config: pulumi.Config,
  username: string,
  archive: boolean,
): ExistingCredentials {
  const credential = (user: string) => ({
    username,
    password: secretOf(source, "existingInfluxDb.username", user, config.getSecret(user)),
  });
  return {
    fluentd: credential("influxDbTokenFluentd"),
    telegraf: credential("influxDbTokenTelegraf"),
    grafana: credential("influxDbTokenGrafana"),
    ...(archive && { archive: credential("influxDbTokenArchive") }),
  };
}

function refuseTokensWithoutUser(source: ConfigSource, tokens: string[]): Record<string, never> {
  const set = tokens.find((key) => source.get(key) !== undefined);
  if (set === undefined) return {};
  throw new Error(
    `${source.prefix}${set} is set without ${source.prefix}existingInfluxDb.username: ` +
      "set the user name that goes with the tokens, or remove them and let the Job make credentials",
  );
}

function refuseAlone(
  source: ConfigSource,
  key: string,
  existing: ConfigSource | undefined,
  secrets: string[],
): void {
  const set = existing === undefined ? secrets.find((name) => source.get(name) !== undefined) : undefined;
  if (set === undefined) return;
  throw new Error(
    `${source.prefix}${set} is set without ${source.prefix}${key}: set both, or remove it with \`pulumi config rm ${set}\``,
  );
}

function secretOf(
  source: ConfigSource,
  key: string,
  name: string,
  secret: pulumi.Output<string> | undefined,
): pulumi.Output<string> {
  if (secret !== undefined) return secret;
  throw new Error(
    `${source.prefix}${key} needs ${source.prefix}${name}: run \`pulumi config set --secret ${name} …\``,
  );
}
