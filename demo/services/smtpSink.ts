import type { AddressInfo } from "node:net";
import { simpleParser } from "mailparser";
import { SMTPServer } from "smtp-server";

/** A received e-mail. */
export interface ReceivedMail {
  /** When it came in. */
  receivedAt: Date;
  to: string[];
  subject: string;
  /** Plain text part. */
  text: string;
  /** HTML part; empty when there is none. */
  html: string;
}

/** A mail server that delivers nothing and keeps every e-mail. */
export interface SmtpSink {
  readonly port: number;
  /** `127.0.0.1:port`, as an Alertmanager's smarthost. */
  readonly smarthost: string;
  /** What came in so far, oldest first. */
  readonly mails: readonly ReceivedMail[];
  stop(): Promise<void>;
}

/** Start a mail server on a free port of 127.0.0.1, without login and TLS. */
export async function startSmtpSink(): Promise<SmtpSink> {
  const mails: ReceivedMail[] = [];
  const server = new SMTPServer({
    disabledCommands: ["AUTH", "STARTTLS"],
    onData(stream, session, callback) {
      simpleParser(stream).then(
        (mail) => {
          mails.push({
            receivedAt: new Date(),
            to: session.envelope.rcptTo.map(({ address }) => address),
            subject: mail.subject ?? "",
            text: mail.text ?? "",
            html: mail.html === false ? "" : (mail.html ?? ""),
          });
          callback();
        },
        (error: unknown) => callback(error instanceof Error ? error : new Error(String(error))),
      );
    },
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.server.address() as AddressInfo;
  return {
    port,
    smarthost: `127.0.0.1:${port}`,
    mails,
    stop: () => new Promise((resolve) => server.close(resolve)),
  };
}
