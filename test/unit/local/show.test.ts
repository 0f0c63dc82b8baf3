import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { createInterface } from "node:readline";
import { describe, test } from "node:test";
import type { V1Pod, V1Service } from "@kubernetes/client-node";
import { describePages } from "../../../local/commands/open";
import { whyNotReady } from "../../../local/commands/progress";
import { podBehind } from "../../../local/forward/routes";
import { mailObjects } from "../../../local/mail/deploy";
import { startMailbox } from "../../../local/mail/mailbox";
import { failing } from "../../../local/sample/sample";

/** A pod with this status, as the API server gives it. */
function pod(name: string, status: object, more: object = {}): V1Pod {
  return { metadata: { name }, status, ...more } as V1Pod;
}

const ready = { conditions: [{ type: "Ready", status: "True" }] };

describe("why a pod is waited for", () => {
  const container = { name: "api", ready: false, restartCount: 0, image: "", imageID: "" };
  const cases: readonly (readonly [what: string, status: object, why: string | undefined])[] = [
    ["a ready pod is not", ready, undefined],
    ["a finished one is not", { phase: "Succeeded" }, undefined],
    [
      "no node takes it",
      { conditions: [{ type: "PodScheduled", status: "False", message: "0/1 nodes" }] },
      "0/1 nodes",
    ],
    [
      "its image can't be pulled",
      {
        containerStatuses: [
          { ...container, state: { waiting: { reason: "ErrImagePull", message: "refused" } } },
        ],
      },
      "api: ErrImagePull (refused)",
    ],
    [
      "its program ends again and again",
      {
        containerStatuses: [
          {
            ...container,
            restartCount: 3,
            state: { waiting: { reason: "CrashLoopBackOff" } },
            lastState: { terminated: { exitCode: 137, reason: "OOMKilled" } },
          },
        ],
      },
      "api ended 3 times, last with exit code 137 (OOMKilled)",
    ],
    [
      "a step runs, beside a sidecar",
      {
        initContainerStatuses: [
          { ...container, name: "logging", ready: true, state: { running: {} } },
          { ...container, name: "train", started: true, state: { running: {} } },
        ],
        containerStatuses: [{ ...container, state: { waiting: { reason: "PodInitializing" } } }],
      },
      "train is running",
    ],
    [
      "its probe fails",
      { containerStatuses: [{ ...container, state: { running: {} } }] },
      "api is running and not ready yet",
    ],
  ];
  for (const [what, status, why] of cases) {
    test(what, () => assert.equal(whyNotReady(pod("one", status)), why));
  }
});

test("a connection goes to a ready pod of the Service, to the port of the name that the Service has", () => {
  const ports = { spec: { containers: [{ name: "c", ports: [{ name: "http", containerPort: 8080 }] }] } };
  const service = {
    spec: { ports: [{ name: "http", port: 80, targetPort: "http" }] },
  } as unknown as V1Service;
  const pods = [pod("starting", {}, ports), pod("up", ready, ports)];
  assert.deepEqual(podBehind(service, "http", pods), { pod: "up", port: 8080 });
  assert.equal(podBehind(service, "http", pods.slice(0, 1)), undefined);
  assert.equal(podBehind(service, "smtp", pods), undefined);
});

test("the run that fails on purpose differs from the pipeline's by one variable of one step", () => {
  const container = (name: string) => ({ name, env: [{ name: "YEAR", value: "2009" }] });
  const spec = {
    template: {
      spec: { initContainers: [container("load"), container("evaluate")], containers: [container("decide")] },
    },
  };
  const failed = failing(spec);
  assert.deepEqual(failed?.template.spec?.initContainers?.[1]?.env, [
    { name: "YEAR", value: "2009" },
    { name: "FAIL_STEP", value: "evaluate" },
  ]);
  assert.deepEqual(spec.template.spec.initContainers[1]?.env, [{ name: "YEAR", value: "2009" }]);
  assert.deepEqual(failed?.template.spec?.containers, spec.template.spec.containers);
});

test("pages are printed with their URLs, and with the way to the passwords", () => {
  const route = { namespace: "monitoring", service: "grafana", servicePort: "http", path: "/" };
  assert.deepEqual(describePages([{ ...route, title: "Dashboards", port: 20_001 }]), [
    "  Dashboards  http://127.0.0.1:20001/",
    "  Passwords   make open ARGS=--passwords",
  ]);
});

describe("the mail server", () => {
  test("is declared in a namespace of its own, where pods are restricted", () => {
    assert.deepEqual(
      mailObjects().map(({ kind, metadata }) => `${kind} ${metadata?.namespace ?? ""}/${metadata?.name}`),
      ["Namespace /mail", "Deployment mail/mail", "Service mail/mail", "NetworkPolicy mail/mail"],
    );
    assert.equal(mailObjects()[0]?.metadata?.labels?.["pod-security.kubernetes.io/enforce"], "restricted");
  });

  test("takes a mail by SMTP and shows it in its API, as Mailpit has it", async () => {
    const { smtp, web, stop } = await startMailbox({ smtp: 0, web: 0 });
    try {
      await sendMail((smtp.server.address() as AddressInfo).port);
      const url = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
      const get = async (path: string): Promise<Response> => fetch(`${url}${path}`);
      const { total, messages } = (await (await get("/api/v1/messages")).json()) as {
        total: number;
        messages: { ID: string; Subject: string }[];
      };
      assert.equal(total, 1);
      assert.equal(messages[0]?.Subject, "[CRITICAL] Füße");
      const mail = (await (await get(`/api/v1/message/${messages[0]?.ID}`)).json()) as Record<
        string,
        unknown
      >;
      assert.deepEqual(mail.From, { Name: "Monitoring", Address: "from@example.com" });
      assert.deepEqual(mail.To, [{ Name: "", Address: "to@example.com" }]);
      assert.equal(mail.Text, "It failed.\n");
      assert.equal((await get("/readyz")).status, 200);
      assert.match(await (await get("/")).text(), /<title>Mails<\/title>/);
      assert.equal((await get("/api/v1/message/other")).status, 404);
    } finally {
      await stop();
    }
  });
});

/** The commands of RFC 5321, each after the answer to the one before it. */
async function sendMail(port: number): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  const answers = createInterface({ input: socket })[Symbol.asyncIterator]();
  const expect = async (code: string): Promise<void> => {
    for (let line = ""; !line.startsWith(`${code} `);) line = String((await answers.next()).value);
  };
  await expect("220");
  const message = [
    "From: Monitoring <from@example.com>",
    "To: to@example.com",
    "Subject: =?utf-8?q?=5BCRITICAL=5D_F=C3=BC=C3=9Fe?=",
    "",
    "It failed.",
    ".",
  ];
  const steps: readonly (readonly [command: string, code: string])[] = [
    ["EHLO test", "250"],
    ["MAIL FROM:<from@example.com>", "250"],
    ["RCPT TO:<to@example.com>", "250"],
    ["DATA", "354"],
    [message.join("\r\n"), "250"],
    ["QUIT", "221"],
  ];
  for (const [command, code] of steps) {
    socket.write(`${command}\r\n`);
    await expect(code);
  }
  socket.destroy();
  await once(socket, "close");
}
