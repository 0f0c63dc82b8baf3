import assert from "node:assert/strict";
import { appendFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { LogPathFixture } from "./support/logPath";
import { missingFluentd } from "./support/missingFluentd";
import { waitFor } from "./support/waitFor";

/** What a stand-in for a server of full text was sent. */
interface Received {
  time: string;
  text: string;
  service: string;
  severity?: string;
}

type Document = Readonly<Record<string, string | undefined>>;

/**
 * The lines of a request to Loki. Source: https://grafana.com/docs/loki/latest/reference/loki-http-api/#ingest-logs
 *
 * @throws Error where it is none
 */
function linesForLoki(body: string): Received[] {
  const { streams } = JSON.parse(body) as {
    streams: { stream: Record<string, string>; values: [string, string][] }[];
  };
  return streams.flatMap(({ stream, values }) =>
    values.map(([time, line]) => {
      assert.match(time, /^\d{19}$/);
      const { body: text = "" } = JSON.parse(line) as Document;
      return { time, text, service: stream.service_name ?? "", severity: stream.severity };
    }),
  );
}

/**
 * The documents of a bulk request. Source: https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk
 *
 * @throws Error where it is none
 */
function linesForElasticsearch(body: string): Received[] {
  assert.ok(body.endsWith("\n"));
  const lines = body.trimEnd().split("\n");
  return lines.flatMap((line, index) => {
    const document = JSON.parse(line) as Document & { create?: { _id: string } };
    if (index % 2 === 0) {
      assert.ok(document.create?._id);
      return [];
    }
    const { body: text = "", "service.name": service = "", severity_text: severity } = document;
    return [{ time: document["@timestamp"] ?? "", text, service, severity }];
  });
}

const servers = {
  loki: { path: "/loki/api/v1/push", read: linesForLoki, answer: () => "" },
  elasticsearch: {
    path: "/logs-ds_monitoring-default/_bulk",
    read: linesForElasticsearch,
    answer: (count: number) =>
      JSON.stringify({ errors: false, items: Array(count).fill({ create: { status: 201 } }) }),
  },
};

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

for (const kind of ["loki", "elasticsearch"] as const) {
  test(
    `${kind} gets the text of each line beside InfluxDB, and does not hold it up while it is away`,
    { timeout: 120_000 },
    async (t) => {
      const why = await missingFluentd();
      if (why !== false) {
        t.skip(why);
        return;
      }
      const { path: expectedPath, read, answer } = servers[kind];
      const received: Received[] = [];
      let isAway = true;
      const server = createServer((request, response) => {
        void bodyOf(request).then((body) => {
          if (isAway) response.writeHead(503).end();
          else if (request.url !== expectedPath) response.writeHead(404).end();
          else {
            const lines = read(body);
            received.push(...lines);
            response.end(answer(lines.length));
          }
        });
      });
      t.after(() => void server.close());
      const path = await LogPathFixture.start(t, { fullText: { kind, url: await listen(server) } });
      const time = new Date(Date.now() - 60_000).toISOString();
      const lines = Array.from({ length: 100 }, (_, index) => `${time} ERROR shop: line ${index}\n`);
      appendFileSync(join(path.logPath, "app.log"), `${lines.join("")}no format knows this\n`);
      const count = async () =>
        (await path.count("log", "body")) + (await path.count("log.unparsed", "body"));
      await waitFor("all lines in InfluxDB", 30_000, async () => ((await count()) >= 101 ? true : undefined));
      assert.equal(received.length, 0);
      isAway = false;
      await waitFor(`all lines in ${kind}`, 60_000, () => (received.length >= 101 ? true : undefined));
      await path.settle();
      assert.equal(await count(), 101);
      assert.deepEqual(
        received.map(({ text }) => text).sort(),
        [...lines.map((_, index) => `line ${index}`), "no format knows this"].sort(),
      );
      const errors = received.filter(({ severity }) => severity === "ERROR");
      assert.equal(errors.length, 100);
      assert.ok(received.every(({ service }) => service === "fault-test"));
      // Alike lines keep a time each.
      assert.equal(new Set(received.map((one) => one.time)).size, 101);
    },
  );
}
