import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import Ajv from "ajv";

/** A message as a service got it. */
export interface ReceivedMessage {
  /** Path and query. */
  path: string;
  headers: IncomingHttpHeaders;
  body: Record<string, unknown>;
}

const text = { type: "string", minLength: 1 };
const object = (required: readonly string[], properties: object) => ({
  ...{ type: "object", required, properties, additionalProperties: false },
});

/**
 * What each service's documentation says of a request: what has to be there, and what may be. A request that is otherwise
 * is answered as the service does, with 400.
 */
const formats = {
  /** Source: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks and …/legacy-secondary-message-attachments */
  slack: object(["attachments"], {
    channel: text,
    username: text,
    attachments: {
      type: "array",
      items: object(["fallback", "text"], {
        title: text,
        title_link: { ...text, pattern: "^https://" },
        text,
        fallback: text,
        callback_id: { type: "string" },
        footer: { type: "string" },
        color: { enum: ["good", "warning", "danger"] },
        mrkdwn_in: { type: "array" },
      }),
    },
  }),
  /** Source: https://learn.microsoft.com/en-us/connectors/teams/#request-body-schema and https://adaptivecards.io/explorer/ */
  msTeams: object(["type", "attachments"], {
    type: { const: "message" },
    attachments: {
      type: "array",
      minItems: 1,
      items: object(["contentType", "contentUrl", "content"], {
        contentType: { const: "application/vnd.microsoft.card.adaptive" },
        contentUrl: { type: "null" },
        content: object(["$schema", "type", "version", "body"], {
          $schema: { const: "http://adaptivecards.io/schemas/adaptive-card.json" },
          type: { const: "AdaptiveCard" },
          version: { enum: ["1.0", "1.1", "1.2", "1.3", "1.4", "1.5"] },
          msteams: { type: "object" },
          body: {
            type: "array",
            items: object(["type", "text"], {
              type: { const: "TextBlock" },
              text,
              weight: { enum: ["Bolder"] },
              size: { enum: ["Medium"] },
              wrap: { const: true },
              style: { const: "heading" },
              color: text,
            }),
          },
        }),
      }),
    },
  }),
  /** Source: https://developer.pagerduty.com/docs/send-alert-event */
  pagerDuty: object(["routing_key", "event_action", "dedup_key", "payload"], {
    routing_key: text,
    event_action: { enum: ["trigger", "acknowledge", "resolve"] },
    dedup_key: { ...text, maxLength: 255 },
    client: text,
    client_url: { ...text, pattern: "^https://" },
    links: { type: "array", items: object(["href"], { href: { ...text, pattern: "^https://" }, text }) },
    payload: object(["summary", "source", "severity"], {
      summary: { ...text, maxLength: 1024 },
      source: text,
      severity: { enum: ["critical", "error", "warning", "info"] },
      class: text,
      component: text,
      group: text,
      custom_details: { type: "object" },
    }),
  }),
  /** Source: https://docs.opsgenie.com/docs/alert-api */
  opsgenie: object(["message"], {
    message: { ...text, maxLength: 130 },
    alias: { ...text, maxLength: 512 },
    description: { ...text, maxLength: 15000 },
    tags: { type: "array", maxItems: 20, items: { ...text, maxLength: 50 } },
    details: { type: "object" },
    entity: { ...text, maxLength: 512 },
    source: { ...text, maxLength: 100 },
    priority: { enum: ["P1", "P2", "P3", "P4", "P5"] },
  }),
  opsgenieClose: object([], { user: text, source: { ...text, maxLength: 100 }, note: text }),
  /** Source: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config */
  webhook: {
    type: "object",
    required: ["version", "groupKey", "status", "receiver", "groupLabels", "commonLabels", "alerts"],
  },
} as const;

const ajv = new Ajv({ strict: false });
const checks = Object.fromEntries(
  Object.entries(formats).map(([name, schema]) => [name, ajv.compile(schema)]),
);

/** What the services answer to a good request. */
const answers: Record<string, [status: number, type: string, body: string]> = {
  slack: [200, "text/plain", "ok"],
  msTeams: [202, "text/plain", ""],
  pagerDuty: [202, "application/json", '{"status":"success","message":"Event processed","dedup_key":"x"}'],
  opsgenie: [202, "application/json", '{"result":"Request will be processed","took":0.1,"requestId":"x"}'],
  webhook: [200, "text/plain", ""],
};

/**
 * Slack, Microsoft Teams, PagerDuty, Opsgenie and a webhook of one's own, below the paths of these names.
 *
 * `refused` says what was wrong with requests.
 */
export async function startReceiverSink() {
  const received = new Map<string, ReceivedMessage[]>();
  const refused: string[] = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      const path = request.url ?? "";
      const service = path.split("/")[1] ?? "";
      const body = JSON.parse(Buffer.concat(pieces).toString()) as Record<string, unknown>;
      const check = checks[path.includes("/close?") ? "opsgenieClose" : service];
      const answer = answers[service];
      if (check === undefined || answer === undefined || !check(body)) {
        refused.push(`${path}: ${ajv.errorsText(check?.errors)}: ${JSON.stringify(body)}`);
        response.writeHead(400).end();
        return;
      }
      received.set(service, [...(received.get(service) ?? []), { path, headers: request.headers, body }]);
      response.writeHead(answer[0], { "content-type": answer[1] }).end(answer[2]);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received: (service: string): readonly ReceivedMessage[] => received.get(service) ?? [],
    refused,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
