/**
 * The stand-in for Fluentd, for machines with neither RubyGems nor a `fluentd`: with Fluentd's arguments and configuration
 * it does what sidecar and aggregator do, more simply. What waits, waits in the log files: the sidecar's reads on when
 * InfluxDB has what was read. After a restart it reads from the beginning; a line with a time is the same point then.
 */
import { createServer, type RequestListener } from "node:http";
import { dirname } from "node:path";
import { sleep } from "../processes";
import { portable, readConfig, type Section } from "./config";
import { pointMaker } from "./point";
import { Tail } from "./tail";

const { FLUENTD_SHARED_KEY: sharedKey = "", INFLUXDB_USERNAME, INFLUXDB_PASSWORD } = process.env;
const { ofType, formats, defaults } = readConfig(
  dirname(process.argv[process.argv.indexOf("--config") + 1] ?? ""),
);
let isStopping = false;

/** @returns the status of the answer; 503 where there is none */
async function post(url: string, authorization: string, body: string): Promise<number> {
  const signal = AbortSignal.timeout(30_000);
  const request = fetch(url, { method: "POST", headers: { authorization }, body, signal });
  return request.then(
    ({ status }) => status,
    () => 503,
  );
}

/** Send points until InfluxDB has them. Of what it refuses, each is sent alone, and printed if need be. */
async function send(url: string, points: readonly string[]): Promise<void> {
  let status = await post(url, sharedKey, points.join("\n"));
  for (
    ;
    [401, 403, 404, 408, 429].includes(status) || status >= 500;
    status = await post(url, sharedKey, points.join("\n"))
  ) {
    console.error(`${url} answers ${status}: trying again`);
    await sleep(1_000);
  }
  if (status < 300) return;
  if (points.length === 1) console.error(`InfluxDB refuses ${points[0]}`);
  else for (const point of points) await send(url, [point]);
}

/** As a sidecar: send what is new in a source's files to the aggregator, and the rest when asked to stop. */
async function follow(source: Section, url: string): Promise<void> {
  const rendered = formats[source.tag?.replace("event.", "") ?? ""];
  if (rendered === undefined) throw new Error(`log_contract.json has no format for ${source.tag}`);
  const format = portable(rendered);
  const tail = new Tail(source, format);
  const toPoint = pointMaker(format, defaults, process.env.POD_NAME ?? "");
  for (;;) {
    const isLast = isStopping;
    const points = tail.read(isLast).flatMap(toPoint);
    if (points.length > 0) await send(url, points);
    else if (isLast) return;
    else await sleep(500);
  }
}

/** As the aggregator: pass on to InfluxDB what sidecars send, with its answer. */
function relay(endpoint: string): RequestListener {
  const login = `Basic ${Buffer.from(`${INFLUXDB_USERNAME}:${INFLUXDB_PASSWORD}`).toString("base64")}`;
  return (request, response) => {
    const isKnown = request.headers.authorization === sharedKey;
    const body = request.toArray().then((pieces) => Buffer.concat(pieces as Buffer[]).toString());
    const status = body.then(
      (points) => (isKnown ? post(endpoint, login, points) : 403),
      () => 400,
    );
    void status.then((code) => response.writeHead(code).end());
  };
}

/** As Fluentd's monitor, which the probes and Telegraf ask. There is no buffer whose figures it could give. */
const monitor: RequestListener = (_request, response) => void response.end('{"plugins":[]}');

console.log("STAND-IN for Fluentd: the shipper of ds-monitoring");
const [output] = ofType("influxdb_write");
const [{ host, port, transport, cert_path } = {} as Section] = ofType("log_forward");
if ((transport ?? cert_path) !== undefined)
  throw new Error("the stand-in knows no TLS: leave fluentdAggregator.tls out");
process.once("SIGTERM", () => (output === undefined ? (isStopping = true) : process.exit()));
if (output === undefined) {
  const sources = ofType("log_files").map((source) => follow(source, `http://${host}:${port}/`));
  void Promise.all(sources).then(() => process.exit());
} else {
  for (const [type, answer] of [
    ["log_forward", relay(output.endpoint ?? "")],
    ["monitor_agent", monitor],
  ] as const) {
    const [source] = ofType(type);
    createServer(answer).listen(Number(source?.port), source?.bind);
  }
}
