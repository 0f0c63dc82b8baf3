import { stringify } from "yaml";
import { patterns } from "../../contract/patterns";
import type { AlertRule } from "../alerts/rule";
import { alertRules } from "../alerts/rules";
import { timeIntervals } from "./quietTimes";
import { type MessageOptions, receiverConfig } from "./receiverConfigs";
import { checkAddresses, checkReceivers, type Receivers, type SentSeverity, takes } from "./receivers";
import { inhibitions, quietName, routeTree, withoutEnds } from "./routes";

/** The mail server that alerts are sent through, and who gets them all. */
export interface AlertEmailOptions {
  /** Host and port of the mail server, e.g. `smtp.example.com:587`. */
  smarthost: string;
  /** Sender, e.g. `monitoring@example.com`. */
  from: string;
  /**
   * Recipients of all alerts that no receiver takes by app or team.
   * @default those of the receivers
   */
  to?: readonly string[];
  /**
   * Recipients of critical alerts.
   * @default those of all alerts
   */
  criticalTo?: readonly string[];
  /**
   * Whether the mail server must offer STARTTLS.
   * @default true
   */
  requireTls?: boolean;
  /**
   * User name at the mail server; the password is in the file `smtpPassword`.
   * @default the server takes mail without
   */
  username?: string;
}

/** Options of {@link renderAlertmanagerConfig}. */
export interface AlertmanagerConfigOptions extends MessageOptions {
  /**
   * The mail server, and who gets mails.
   * @default none
   */
  email?: AlertEmailOptions;
  /**
   * Who else gets what.
   * @default none
   */
  receivers?: Receivers;
  /**
   * Whether the rules that are routed to the watchdog are posted to the URL in the file `watchdogUrl`.
   * @default false: they are not sent
   */
  watchdog?: boolean;
  /**
   * Rules whose routing and inhibitions it has.
   * @default the platform's
   */
  rules?: readonly AlertRule[];
}

/** File with the password at the mail server. */
export const smtpPasswordFile = "smtpPassword";

/** File with the URL of the watchdog. */
export const watchdogUrlFile = "watchdogUrl";

/**
 * Alertmanager's configuration (YAML): how alerts are grouped, which inhibit which, and who gets which message. It holds no
 * secrets: those are files in `secretsFolder`.
 *
 * Source: https://prometheus.io/docs/alerting/latest/configuration/
 *
 * @throws RangeError that names the option and the fix
 */
export function renderAlertmanagerConfig(options: AlertmanagerConfigOptions): string {
  const { email, secretsFolder, watchdog = false, rules = alertRules() } = options;
  if (email !== undefined) checkEmail(email);
  const given = options.receivers ?? {};
  const receivers = { ...emailReceivers(email, given), ...given };
  checkReceivers(receivers, email !== undefined);
  const watchdogUrl = { url_file: `${secretsFolder}/${watchdogUrlFile}`, send_resolved: false };
  return stringify(
    {
      ...(email && {
        global: {
          smtp_smarthost: email.smarthost,
          smtp_from: email.from,
          smtp_require_tls: email.requireTls ?? true,
          ...(email.username !== undefined && {
            smtp_auth_username: email.username,
            smtp_auth_password_file: `${secretsFolder}/${smtpPasswordFile}`,
          }),
        },
      }),
      route: routeTree(rules, receivers),
      inhibit_rules: inhibitions(rules),
      time_intervals: quietIntervals(receivers),
      receivers: [
        ...Object.entries(receivers).flatMap(([name, receiver]) => [
          receiverConfig(name, receiver, options),
          ...(takes(receiver, "warning")
            ? [{ ...receiverConfig(name, receiver, options, false), name: withoutEnds(name) }]
            : []),
        ]),
        { name: "watchdog", ...(watchdog && { webhook_configs: [watchdogUrl] }) },
        { name: "none" },
      ],
    },
    { lineWidth: 0, aliasDuplicateObjects: false },
  );
}

/** `email.to` and `email.criticalTo` as receivers. */
function emailReceivers(email: AlertEmailOptions | undefined, others: Receivers): Receivers {
  if (email?.to === undefined) {
    if (email?.criticalTo === undefined) return {};
    throw new RangeError(
      "email.criticalTo needs email.to: give the recipients of warnings, or use receivers",
    );
  }
  const taken = ["email", "email-critical"].find((name) => name in others);
  if (taken !== undefined) {
    throw new RangeError(
      `alertmanager.deploy.receivers.${taken}: the name is that of email.to: rename it, or remove email.to`,
    );
  }
  const mails = (to: readonly string[], severities: SentSeverity[]) => ({
    email: { to: [...to] },
    severities,
  });
  return {
    email: mails(email.to, email.criticalTo ? ["warning"] : ["critical", "warning"]),
    ...(email.criticalTo && { "email-critical": mails(email.criticalTo, ["critical"]) }),
  };
}

/** When which receivers are left in peace. */
function quietIntervals(receivers: Receivers): unknown[] {
  return Object.entries(receivers).flatMap(([name, { quietTimes = [] }]) =>
    (["critical", "warning"] as const).flatMap((severity) => {
      const quiet = quietTimes.filter(({ severities = ["warning"] }) => severities.includes(severity));
      if (quiet.length === 0) return [];
      return [{ name: quietName(name, severity), time_intervals: quiet.flatMap(timeIntervals) }];
    }),
  );
}

/** @throws RangeError with an example when it has no port */
export function mailServerPort(smarthost: string): number {
  const port = patterns.hostAndPort.exec(smarthost)?.[1];
  if (port !== undefined) return Number(port);
  throw new RangeError(
    `Alertmanager: email.smarthost must be host:port, e.g. "smtp.example.com:587", got ${JSON.stringify(smarthost)}`,
  );
}

function checkEmail({ smarthost, from, to, criticalTo }: AlertEmailOptions): void {
  mailServerPort(smarthost);
  checkAddresses("email.from", [from]);
  if (to !== undefined) checkAddresses("email.to", to);
  if (criticalTo !== undefined) checkAddresses("email.criticalTo", criticalTo);
}
