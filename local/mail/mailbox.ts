import { randomUUID } from "node:crypto";
import { createServer, type Server } from "node:http";
import { simpleParser } from "mailparser";
import { SMTPServer } from "smtp-server";
import { page } from "./page";

/** A mail as Mailpit's API has it, as far as the page and tests read it. */
export interface Mail {
  ID: string;
  From: { Name: string; Address: string };
  To: Array<{ Name: string; Address: string }>;
  Subject: string;
  /** When it came in, as in RFC 3339. */
  Created: string;
  /** Plain text part. */
  Text: string;
  /** HTML part; empty when there is none. */
  HTML: string;
}

/** A mail server that delivers nothing, and its page. */
export interface Mailbox {
  smtp: SMTPServer;
  web: Server;
  /** What came in, the newest first. */
  mails: readonly Mail[];
  stop(): Promise<void>;
}

/** How many mails are kept; the oldest go first. */
const kept = 500;
const largestBytes = 1024 * 1024;

/**
 * Start a mail server without login and TLS, and a page to read the mails.
 *
 * The page's API is a part of Mailpit's (`/api/v1/messages`, `/api/v1/message/ID`, `/readyz`), so that whoever reads the
 * mails need not know which of the two runs. Source: https://mailpit.axllent.org/docs/api-v1/
 *
 * @param ports TCP ports; 0 takes any free one
 * @param host address that both listen on; default: all
 */
export async function startMailbox(ports: { smtp: number; web: number }, host?: string): Promise<Mailbox> {
  const mails: Mail[] = [];
  const smtp = new SMTPServer({
    disabledCommands: ["AUTH", "STARTTLS"],
    size: largestBytes,
    onData(stream, session, callback) {
      simpleParser(stream).then(
        (mail) => {
          const from = mail.from?.value[0];
          mails.unshift({
            ID: randomUUID(),
            From: { Name: from?.name ?? "", Address: from?.address ?? "" },
            To: session.envelope.rcptTo.map(({ address }) => ({ Name: "", Address: address })),
            Subject: mail.subject ?? "",
            Created: new Date().toISOString(),
            Text: mail.text ?? "",
            HTML: mail.html === false ? "" : (mail.html ?? ""),
          });
          mails.splice(kept);
          callback();
        },
        (error: unknown) => callback(error instanceof Error ? error : new Error(String(error))),
      );
    },
  });
  const web = createServer((request, response) => {
    const answer = answerTo(request.url ?? "/", mails);
    response.writeHead(answer === undefined ? 404 : 200, {
      "content-type": `${answer?.type ?? "text/plain"}; charset=utf-8`,
      // A mail's HTML may hold anything.
      "content-security-policy":
        "default-src 'self' 'unsafe-inline'; img-src 'none'; script-src 'self' 'unsafe-inline'",
    });
    response.end(answer?.body ?? "not found");
  });
  await Promise.all([listen(smtp, ports.smtp, host), listen(web, ports.web, host)]);
  const stop = async (): Promise<void> => {
    web.closeAllConnections();
    await Promise.all([smtp, web].map((server) => new Promise<void>((done) => server.close(() => done()))));
  };
  return { smtp, web, mails, stop };
}

function answerTo(url: string, mails: readonly Mail[]): { type: string; body: string } | undefined {
  const { pathname } = new URL(url, "http://mail");
  const json = (value: unknown) => ({ type: "application/json", body: JSON.stringify(value) });
  if (pathname === "/") return { type: "text/html", body: page };
  if (pathname === "/readyz" || pathname === "/livez") return { type: "text/plain", body: "ok" };
  if (pathname === "/api/v1/messages") {
    const messages = mails.map(({ Text, HTML: _html, ...mail }) => ({
      ...mail,
      Snippet: Text.slice(0, 250),
    }));
    return json({ total: mails.length, count: mails.length, messages });
  }
  const id = /^\/api\/v1\/message\/([\w-]+)$/.exec(pathname)?.[1];
  const mail = mails.find(({ ID }) => ID === id);
  return mail === undefined ? undefined : json(mail);
}

function listen(
  server: { listen: Server["listen"]; once: Server["once"] } | SMTPServer,
  port: number,
  host?: string,
) {
  return new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => resolve());
  });
}
