import type { AddressInfo } from "node:net";
import { renderAlertmanagerConfig } from "../../../components/alertmanager/alertmanagerConfig";
import { type Mail, startMailbox } from "../../../local/mail/mailbox";
import { resolveTool } from "../../../local/tools/resolve";
import { type AlertmanagerProcess, startAlertmanager } from "./alertmanager";

/** What mails of the tests link to. */
export const links = {
  grafanaUrl: "https://grafana.example.com",
  runbookBaseUrl: "https://docs.example.com/runbooks",
};

const user = {
  username: "platform",
  password: "password-of-the-test",
  bcrypt: "$2a$05$dsmonitoringdsmonitoreg/uIleV0Uh3IaJV2Jn0EU2KSH6xgLS.",
};

/** A mail, as tests look at it. */
export interface ReceivedMail {
  receivedAt: Date;
  to: string[];
  subject: string;
  /** Plain text part. */
  text: string;
  /** HTML part; empty when there is none. */
  html: string;
}

/** A real Alertmanager whose mails end in the local stack's mail server. */
export interface MailingAlertmanager extends AlertmanagerProcess {
  /** What it has mailed so far, oldest first. */
  readonly mails: readonly ReceivedMail[];
  /** Stop it, do something, and start it again, on the same port and with its data. */
  restart(meanwhile: () => Promise<void>): Promise<void>;
}

/**
 * Start an Alertmanager with the rendered configuration, and the mail server that it mails to.
 *
 * @param options.directory folder of its configuration, data and log
 * @param options.criticalTo who gets critical alerts, besides team@example.com for the others
 * @param options.login whether it asks for a login: `authorization` of the answer is that header
 */
export async function startMailingAlertmanager(options: {
  directory: string;
  criticalTo?: string[];
  login?: boolean;
}): Promise<MailingAlertmanager> {
  const { directory, criticalTo, login = false } = options;
  const { path: command } = await resolveTool("alertmanager");
  const mailbox = await startMailbox({ smtp: 0, web: 0 }, "127.0.0.1");
  const config = renderAlertmanagerConfig({
    email: {
      smarthost: `127.0.0.1:${(mailbox.smtp.server.address() as AddressInfo).port}`,
      from: "monitoring@example.com",
      to: ["team@example.com"],
      criticalTo,
      requireTls: false,
    },
    grafanaUrl: links.grafanaUrl,
    secretsFolder: directory,
  });
  const start = (port?: number): Promise<AlertmanagerProcess> =>
    startAlertmanager({ command, directory, config, port, ...(login && { login: user }) });
  let alertmanager = await start();
  return {
    ...alertmanager,
    get mails() {
      return mailbox.mails.map(received).reverse();
    },
    restart: async (meanwhile) => {
      await alertmanager.stop();
      await meanwhile();
      alertmanager = await start(Number(new URL(alertmanager.url).port));
    },
    stop: () => alertmanager.stop().finally(() => mailbox.stop()),
  };
}

function received({ Created, To, Subject, Text, HTML }: Mail): ReceivedMail {
  const to = To.map(({ Address }) => Address);
  return { receivedAt: new Date(Created), to, subject: Subject, text: Text, html: HTML };
}
