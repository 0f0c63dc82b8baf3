import type { Input, Unwrap } from "@pulumi/pulumi";
import { patterns } from "../../contract/patterns";
import type { Severity } from "../alerts/rule";
import { portOf } from "../platform/endpoints";
import { checkQuietTime, type QuietTimeArgs } from "./quietTimes";

/** Somebody who gets alerts, by one or more ways, and which alerts those are. */
export interface ReceiverArgs {
  /**
   * Mails, through the mail server of `email`.
   * @default none
   */
  email?: EmailReceiverArgs;
  /**
   * Messages in a channel of Slack.
   * @default none
   */
  slack?: SlackReceiverArgs;
  /**
   * Messages in a channel of Microsoft Teams.
   * @default none
   */
  msTeams?: MsTeamsReceiverArgs;
  /**
   * Incidents in PagerDuty, by its Events API v2.
   * @default none
   */
  pagerDuty?: PagerDutyReceiverArgs;
  /**
   * Alerts in Opsgenie.
   * @default none
   */
  opsgenie?: OpsgenieReceiverArgs;
  /**
   * A POST of Alertmanager's own JSON to a URL.
   * @default none
   */
  webhook?: WebhookReceiverArgs;
  /**
   * Severities that it gets.
   * @default ["critical", "warning"]
   */
  severities?: ("critical" | "warning")[];
  /**
   * Apps whose alerts it gets, by `service.name`. Receivers with neither `services` nor `owners` don't get those.
   * @default those that no other receiver names
   */
  services?: string[];
  /**
   * Teams whose alerts it gets: `owner` of a `ModelApi` or `Pipeline`. Excludes `services`.
   * @default those that no other receiver names
   */
  owners?: string[];
  /**
   * Whether a receiver without `services` and `owners` also gets the alerts that others get by theirs.
   * @default false
   */
  all?: boolean;
  /**
   * Times in which it is left in peace. What still fires at their end is sent then.
   * @default none
   */
  quietTimes?: QuietTimeArgs[];
}

/** Mails as a receiver. */
export interface EmailReceiverArgs {
  /** Recipients; at least one. */
  to: Input<Input<string>[]>;
}

/** A channel of Slack as a receiver. */
export interface SlackReceiverArgs {
  /** URL of an incoming webhook of a Slack app. Secret. */
  url: Input<string>;
  /**
   * Channel, where the webhook may choose one.
   * @default that of the webhook
   */
  channel?: Input<string>;
}

/** A channel of Microsoft Teams as a receiver. */
export interface MsTeamsReceiverArgs {
  /** URL of the channel's workflow "When a Teams webhook request is received". Secret. */
  url: Input<string>;
}

/** A service of PagerDuty as a receiver. */
export interface PagerDutyReceiverArgs {
  /** Key of the service's integration "Events API v2". Secret. */
  integrationKey: Input<string>;
  /**
   * URL of the API.
   * @default "https://events.pagerduty.com/v2/enqueue"
   */
  url?: Input<string>;
}

/** Opsgenie as a receiver. */
export interface OpsgenieReceiverArgs {
  /** Key of an API integration. Secret. */
  apiKey: Input<string>;
  /**
   * URL of the API; that of the EU is `https://api.eu.opsgenie.com/`.
   * @default "https://api.opsgenie.com/"
   */
  url?: Input<string>;
}

/** A program of your own as a receiver. */
export interface WebhookReceiverArgs {
  /** URL that gets the alerts. Secret. */
  url: Input<string>;
  /**
   * Sent as `Authorization: Bearer …`. Secret.
   * @default none
   */
  token?: Input<string>;
  /**
   * Port of its pods, where the URL names a Service of the cluster, `name.namespace.svc`, with another port: network
   * policies see that of the pods.
   * @default the port of `url`
   */
  podPort?: number;
}

/** Severities of alerts that are sent to people. */
export type SentSeverity = Exclude<Severity, "info">;

/** A receiver, all of it known. */
export type Receiver = Unwrap<ReceiverArgs>;

/** Receivers by their names. */
export type Receivers = Readonly<Record<string, Receiver>>;

/** The ways of a receiver, each with the name by which Alertmanager counts its failures (label `integration`). */
export const integrations = {
  email: "email",
  slack: "slack",
  msTeams: "msteamsv2",
  pagerDuty: "pagerduty",
  opsgenie: "opsgenie",
  webhook: "webhook",
} as const satisfies Partial<Record<keyof ReceiverArgs, string>>;

/** A way of a receiver. */
export type Way = keyof typeof integrations;

/** The ways that a receiver has. */
export function waysOf<T extends Partial<Record<Way, unknown>>>(receiver: T): Way[] {
  return (Object.keys(integrations) as Way[]).filter((way) => receiver[way] !== undefined);
}

/** Whether it gets the alerts of some apps or teams only. */
export function isSpecific({ services, owners }: Receiver): boolean {
  return services !== undefined || owners !== undefined;
}

/** Whether it gets alerts of a severity. */
export function takes({ severities = ["critical", "warning"] }: Receiver, severity: SentSeverity): boolean {
  return severities.includes(severity);
}

/** The secrets of a receiver's ways, by the names of the files in which Alertmanager reads them. */
export function secretFiles<T>(
  name: string,
  receiver: {
    slack?: { url: T };
    msTeams?: { url: T };
    pagerDuty?: { integrationKey: T };
    opsgenie?: { apiKey: T };
    webhook?: { url: T; token?: T };
  },
): Record<string, T> {
  const { slack, msTeams, pagerDuty, opsgenie, webhook } = receiver;
  return {
    ...(slack && { [secretFile(name, "slack", "url")]: slack.url }),
    ...(msTeams && { [secretFile(name, "msTeams", "url")]: msTeams.url }),
    ...(pagerDuty && { [secretFile(name, "pagerDuty", "integrationKey")]: pagerDuty.integrationKey }),
    ...(opsgenie && { [secretFile(name, "opsgenie", "apiKey")]: opsgenie.apiKey }),
    ...(webhook && { [secretFile(name, "webhook", "url")]: webhook.url }),
    ...(webhook?.token !== undefined && { [secretFile(name, "webhook", "token")]: webhook.token }),
  };
}

/** Name of the file with a secret of a receiver, e.g. `team.slack.url`. */
export function secretFile(name: string, way: Way, key: string): string {
  return `${name}.${way}.${key}`;
}

/** Where a way leads when no URL is given. */
export const defaultUrls = {
  pagerDuty: "https://events.pagerduty.com/v2/enqueue",
  opsgenie: "https://api.opsgenie.com/",
} as const;

const reservedNames = ["watchdog", "none"];

/**
 * @param hasMailServer whether there is a mail server
 * @throws RangeError that names the key and the fix
 */
export function checkReceivers(receivers: Readonly<Record<string, Receiver>>, hasMailServer: boolean): void {
  for (const [name, receiver] of Object.entries(receivers)) {
    const key = `alertmanager.deploy.receivers.${name}`;
    if (!patterns.dnsLabel.test(name) || reservedNames.includes(name)) {
      throw new RangeError(
        `${key}: the name must be lower-case letters, digits and "-", and none of ${reservedNames.join(", ")}`,
      );
    }
    checkReceiver(key, receiver, hasMailServer);
  }
  for (const severity of ["critical", "warning"] as const) {
    if (Object.values(receivers).some((one) => !isSpecific(one) && takes(one, severity))) continue;
    throw new RangeError(
      `alertmanager.deploy.receivers: nobody gets a ${severity} alert of an app that no receiver names: give email.to, ` +
        `or one receiver without services and owners whose severities hold "${severity}"`,
    );
  }
}

function checkReceiver(key: string, receiver: Receiver, hasMailServer: boolean): void {
  const { email, services, owners, severities, all = false, quietTimes = [] } = receiver;
  if (waysOf(receiver).length === 0) {
    throw new RangeError(`${key} leads nowhere: give it one of ${Object.keys(integrations).join(", ")}`);
  }
  if (email !== undefined) {
    if (!hasMailServer) {
      throw new RangeError(
        `${key}.email needs a mail server: set alertmanager.deploy.email.smarthost and from`,
      );
    }
    checkAddresses(`${key}.email.to`, email.to);
  }
  if (services !== undefined && owners !== undefined) {
    throw new RangeError(`${key}: services and owners exclude each other: make two receivers of it`);
  }
  if (all && isSpecific(receiver)) {
    throw new RangeError(`${key}.all is for a receiver without services and owners: remove it`);
  }
  for (const [list, entries] of Object.entries({ services, owners, severities })) {
    if (entries?.length === 0) throw new RangeError(`${key}.${list} is empty: name one, or leave it out`);
  }
  for (const [path, url] of urlsOf(receiver)) checkUrl(`${key}.${path}`, url);
  quietTimes.forEach((quiet, index) => checkQuietTime(`${key}.quietTimes[${index}]`, quiet));
}

/** The URLs of a receiver by their keys. */
export function urlsOf<T>(receiver: {
  slack?: { url: T };
  msTeams?: { url: T };
  pagerDuty?: { url?: T };
  opsgenie?: { url?: T };
  webhook?: { url: T };
}): [path: string, url: T | string][] {
  const { slack, msTeams, pagerDuty, opsgenie, webhook } = receiver;
  const urls = {
    "slack.url": slack?.url,
    "msTeams.url": msTeams?.url,
    "pagerDuty.url": pagerDuty && (pagerDuty.url ?? defaultUrls.pagerDuty),
    "opsgenie.url": opsgenie && (opsgenie.url ?? defaultUrls.opsgenie),
    "webhook.url": webhook?.url,
  };
  return Object.entries(urls).flatMap(([path, url]) => (url === undefined ? [] : [[path, url]]));
}

/** @throws RangeError that does not show the URL: its path often is the password */
export function checkUrl(key: string, url: string): void {
  try {
    portOf(url);
  } catch {
    throw new RangeError(
      `${key} is no URL: give scheme and host, e.g. "https://hooks.example.com/services/…"`,
    );
  }
}

/** @throws RangeError that names the key */
export function checkAddresses(key: string, addresses: readonly string[]): void {
  const wrong = addresses.find((address) => !patterns.emailAddress.test(address));
  if (addresses.length === 0 || wrong !== undefined) {
    throw new RangeError(
      `${key} needs plain addresses such as "team@example.com", got ${JSON.stringify(wrong ?? [])}`,
    );
  }
}
