import { join } from "node:path";
import type { AddressInfo } from "node:net";
import { renderAlertmanagerConfig } from "../../../components/alertmanager/alertmanagerConfig";
import { startMailbox } from "../../../local/mail/mailbox";
import { sleep } from "../../../local/processes";
import { resolveTool } from "../../../local/tools/resolve";
import { startAlertmanager } from "../../dataplane/support/alertmanager";
import { links } from "../../dataplane/support/mailingAlertmanager";
import type { PostedAlert } from "../../dataplane/support/ruleEvaluator";
import { hour, minute } from "./calendar";

/** A mail, and the time of the year at which it would have come. */
export interface YearMail {
  at: number;
  subject: string;
}

/** How many times as fast as the year an Alertmanager runs: long episodes faster, so that none takes more than minutes. */
const speedOf = (milliseconds: number): number => (milliseconds > 4 * hour ? 120 : 60);

/**
 * What a real Alertmanager mails of what rules posted. It runs faster than the year: so many times shorter are the durations
 * of its configuration, and the times of the alerts.
 */
export async function replay(posted: readonly PostedAlert[], directory: string): Promise<YearMail[]> {
  const times = posted.map(({ startsAt }) => Date.parse(startsAt));
  const begin = times[0];
  if (begin === undefined) return [];
  // Until the last has ended, and its group was looked at.
  const end = Math.max(...posted.map(({ endsAt }) => Date.parse(endsAt))) + 8 * minute;
  const speed = speedOf(end - begin);
  const mailbox = await startMailbox({ smtp: 0, web: 0 }, "127.0.0.1");
  const smarthost = `127.0.0.1:${(mailbox.smtp.server.address() as AddressInfo).port}`;
  const email = { smarthost, from: "monitoring@example.com", to: ["team@example.com"], requireTls: false };
  const rendered = renderAlertmanagerConfig({
    email,
    grafanaUrl: links.grafanaUrl,
    secretsFolder: directory,
  });
  const alertmanager = await startAlertmanager({
    command: (await resolveTool("alertmanager")).path,
    directory: join(directory, String(begin)),
    config: faster(rendered, speed),
  });
  try {
    const base = Date.now() + 1000;
    const real = (time: number): number => base + (time - begin) / speed;
    for (const at of [...new Set(times)]) {
      await sleep(Math.max(0, real(at) - Date.now()));
      const alerts = posted
        .filter((_, index) => times[index] === at)
        .map((alert) => ({
          ...alert,
          startsAt: new Date(real(at)).toISOString(),
          endsAt: new Date(real(Date.parse(alert.endsAt))).toISOString(),
        }));
      const response = await fetch(`${alertmanager.url}/api/v2/alerts`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(alerts),
      });
      if (!response.ok) throw new Error(`Alertmanager: status ${response.status}: ${await response.text()}`);
    }
    await sleep(Math.max(0, real(end) - Date.now()));
    return mailbox.mails
      .map(({ Created, Subject }) => ({ at: begin + (Date.parse(Created) - base) * speed, subject: Subject }))
      .reverse();
  } finally {
    await alertmanager.stop();
    await mailbox.stop();
  }
}

/** Alertmanager's configuration with the durations of its routes so many times shorter. */
function faster(config: string, speed: number): string {
  const units: Record<string, number> = { s: 1, m: 60, h: 3600 };
  return config.replace(
    /(group_wait|group_interval|repeat_interval): (\d+)([smh])/g,
    (_, key: string, amount: string, unit: string) =>
      `${key}: ${Math.round((1000 * Number(amount) * (units[unit] ?? 1)) / speed)}ms`,
  );
}
