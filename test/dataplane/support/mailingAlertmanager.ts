import { renderAlertmanagerConfig } from "../../../components/alertmanager/alertmanagerConfig";
import { type AlertmanagerProcess, startAlertmanager } from "../../../demo/services/alertmanager";
import { type ReceivedMail, startSmtpSink } from "../../../demo/services/smtpSink";
import { resolveTool } from "../../../local/tools/resolve";

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

/** A real Alertmanager whose mails end in a sink. */
export interface MailingAlertmanager extends AlertmanagerProcess {
  /** What it has mailed so far, oldest first. */
  readonly mails: readonly ReceivedMail[];
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
  const sink = await startSmtpSink();
  const { smarthost, mails } = sink;
  const config = renderAlertmanagerConfig({
    email: {
      smarthost,
      from: "monitoring@example.com",
      to: ["team@example.com"],
      criticalTo,
      requireTls: false,
    },
    grafanaUrl: links.grafanaUrl,
  });
  const alertmanager = await startAlertmanager({
    command,
    directory,
    config,
    ...(login && { login: user }),
  });
  return { ...alertmanager, mails, stop: () => alertmanager.stop().finally(() => sink.stop()) };
}
