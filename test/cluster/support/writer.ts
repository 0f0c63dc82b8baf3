import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { Log, type V1Pod } from "@kubernetes/client-node";
import { images } from "../../../components/images";
import { sleep } from "../../../local/processes";
import { waitFor } from "../../dataplane/support/waitFor";
import { isReady, type Platform } from "./platform";

const namespace = "penguins";

/** Writes numbered lines; on SIGTERM that many more before it ends. It prints how many it has written. */
const program = (service: string, { linesPerSecond, lastLines, bytes }: Required<WriterOptions>): string => `
const fs = require("fs");
const file = fs.openSync("/var/log/app/lines.log", "a");
const filling = "x".repeat(${bytes});
let count = 0;
const write = (lines) => {
  for (let line = 0; line < lines; line++) {
    const record = { time: new Date().toISOString(), level: "INFO", message: "line " + count++, filling, "service.name": "${service}" };
    fs.writeSync(file, JSON.stringify(record) + "\\n");
  }
  console.log("wrote " + count);
};
setInterval(write, 1000, ${linesPerSecond});
process.on("SIGTERM", () => { write(${lastLines}); process.exit(0); });
`;

interface WriterOptions {
  /** @default 50 */
  linesPerSecond?: number;
  /** Lines that it writes when it is told to stop. @default 500 */
  lastLines?: number;
  /** Size of a line beyond its 100 bytes. @default 0 */
  bytes?: number;
  /** Size limit of the log volume. @default the sample's */
  logVolume?: string;
}

/** A pod that writes numbered lines, wired to the monitoring by the sidecar of the sample's API. */
export class Writer {
  private constructor(
    private readonly platform: Platform,
    /** Name of its pod and its service. */
    readonly name: string,
  ) {}

  private printed = "";

  static async start(platform: Platform, name: string, options: WriterOptions = {}): Promise<Writer> {
    const { linesPerSecond = 50, lastLines = 500, bytes = 0, logVolume } = options;
    const { spec } = await platform.apps.readNamespacedDeployment({ namespace, name: "penguins-api" });
    const template = spec?.template.spec;
    const [api] = template?.containers ?? [];
    const mounted = ["logs", "tmp"];
    const pod: V1Pod = {
      metadata: { name, namespace, labels: { app: name } },
      spec: {
        ...template,
        containers: [
          {
            name: "writer",
            image: images.node,
            command: ["node", "-e", program(name, { linesPerSecond, lastLines, bytes, logVolume: "" })],
            securityContext: api?.securityContext,
            volumeMounts: api?.volumeMounts?.filter((mount) => mounted.includes(mount.name)),
            resources: { requests: { cpu: "10m", memory: "64Mi" }, limits: { memory: "128Mi" } },
          },
        ],
        restartPolicy: "Never",
        topologySpreadConstraints: undefined,
        volumes: template?.volumes
          ?.filter((volume) => volume.name !== "models")
          .map((volume) =>
            volume.name === "logs" && logVolume !== undefined
              ? { name: "logs", emptyDir: { sizeLimit: logVolume } }
              : volume,
          ),
      },
    };
    await platform.core.createNamespacedPod({ namespace, body: pod });
    const writer = new Writer(platform, name);
    await waitFor(`the pod ${name}`, 180_000, async () =>
      isReady(await platform.core.readNamespacedPod({ namespace, name })) ? true : undefined,
    );
    const stream = new PassThrough();
    stream.on("data", (piece: Buffer) => (writer.printed += piece.toString("utf8")));
    await new Log(platform.config).log(namespace, name, "writer", stream, { follow: true });
    return writer;
  }

  /** How many lines it has written. */
  get written(): number {
    return Number(/.*wrote (\d+)/s.exec(this.printed)?.[1] ?? 0);
  }

  pod(): Promise<V1Pod> {
    return this.platform.core.readNamespacedPod({ namespace, name: this.name });
  }

  /** Delete its pod, and wait until it is gone. */
  async stop(): Promise<void> {
    await this.platform.core.deleteNamespacedPod({ namespace, name: this.name });
    await waitFor(`the end of ${this.name}`, 90_000, () =>
      this.pod().then(
        () => undefined,
        () => true,
      ),
    );
  }

  /**
   * Wait until all that it has written by now is in InfluxDB, each line once.
   *
   * @param but so many of the last lines may be missing
   */
  async expectAllArrived(but = 0): Promise<void> {
    const expected = Array.from({ length: this.written - but }, (_, line) => line);
    // After a fault, retries are up to 30 s apart, on both parts of the way.
    for (const deadline = Date.now() + 120_000; ; await sleep(1_000)) {
      const isLast = Date.now() > deadline;
      // InfluxDB may be away for a moment.
      const arrived = await this.arrived().catch((error: Error) => {
        if (isLast) throw error;
        return [];
      });
      const found = new Set(arrived);
      const missing = expected.filter((line) => !found.has(line));
      if (missing.length > 0 && !isLast) continue;
      const ends = missing.filter((line) => !missing.includes(line - 1) || !missing.includes(line + 1));
      assert.equal(
        missing.length,
        0,
        `${missing.length} of ${expected.length} lines of ${this.name} are missing, by first and last: ${ends.slice(0, 40).join(" ")}`,
      );
      assert.equal(arrived.length, found.size, "lines that are there more than once");
      return;
    }
  }

  /** The numbers of its lines that are in InfluxDB, sorted. */
  private async arrived(): Promise<number[]> {
    const rows = await (
      await this.platform.influxDb()
    ).flux(`from(bucket: "events") |> range(start: -1h)
      |> filter(fn: (r) => r._measurement == "log" and r._field == "body" and r.service == "${this.name}")
      |> group() |> keep(columns: ["_value"])`);
    return rows.map(({ _value }) => Number(/^line (\d+)$/.exec(_value ?? "")?.[1])).sort((a, b) => a - b);
  }
}
