import assert from "node:assert/strict";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { request } from "node:http";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { parse } from "yaml";
import { nodeConfigs } from "../../../local/node/configs";
import { chooseNodes } from "../../../local/commands/nodes";
import { nodeLayout, requireVisible } from "../../../local/node/layout";
import { connectProxy, forward } from "../../../local/node/relay";

let directory: string;
let echo: Server;
const opened: { close(): void }[] = [];

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "ds-monitoring-node-"));
  echo = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
  await new Promise<void>((resolve) => echo.listen(0, "127.0.0.1", resolve));
  opened.push(echo);
});

after(async () => {
  for (const server of opened) server.close();
  await rm(directory, { recursive: true, force: true });
});

const port = () => (echo.address() as AddressInfo).port;

async function listening<T extends Server>(server: T): Promise<T> {
  opened.push(server);
  if (!server.listening) await new Promise((resolve) => server.once("listening", resolve));
  return server;
}

async function answerOf(socket: Socket, text: string): Promise<string> {
  let answer = "";
  socket.setEncoding("utf8").on("data", (piece: string) => (answer += piece));
  socket.end(text);
  await new Promise((resolve) => socket.once("close", resolve));
  return answer;
}

test("a forwarded connection carries both directions to their ends", async () => {
  const { connect } = await import("node:net");
  const path = join(directory, "f.sock");
  await listening(forward({ path }, { host: "127.0.0.1", port: port() }));
  const text = "x".repeat(300_000);
  assert.equal(await answerOf(connect({ path }), text), text);
});

test("the proxy connects to the address that CONNECT names, and says when nobody is there", async () => {
  const socketPath = join(directory, "p.sock");
  await listening(connectProxy({ path: socketPath }));
  const tunnel = (path: string) =>
    new Promise<{ status: number | undefined; socket: Socket }>((resolve, reject) => {
      request({ socketPath, method: "CONNECT", path })
        .once("connect", ({ statusCode }, socket: Socket) => resolve({ status: statusCode, socket }))
        .once("error", reject)
        .end();
    });
  const { status, socket } = await tunnel(`127.0.0.1:${port()}`);
  assert.equal(status, 200);
  assert.equal(await answerOf(socket, "hello"), "hello");
  const refused = await tunnel("127.0.0.1:1");
  assert.equal(refused.status, 502);
  refused.socket.destroy();
});

test("all that the node's programs are told to write is in the node's folder, and the node's folders differ", () => {
  const layout = nodeLayout("/state/cluster");
  const certificates = { authority: "/c/ca.crt", clientCertificate: "/c/a.crt", clientKey: "/c/a.key" };
  const configs = nodeConfigs(layout, { certificates, runc: "/bin/runc", snapshotter: "overlayfs" });
  const kubelet = parse(configs["kubelet.yaml"] ?? "") as Record<string, unknown>;
  for (const key of ["podLogsDir", "volumePluginDir", "resolvConf"])
    assert.ok(String(kubelet[key]).startsWith("/state/cluster/node/"), key);
  assert.equal(kubelet.cgroupRoot, `/${layout.cgroup}`);
  assert.match(configs["containerd.toml"] ?? "", /^root = "\/state\/cluster\/node\/containerd"$/m);
  assert.notEqual(nodeLayout("/state/other").cgroup, layout.cgroup);
});

test("a state folder that the node's programs could not see is refused, also behind a link", async () => {
  await requireVisible(directory);
  const link = join(directory, "link");
  await symlink("/var/lib", link);
  await assert.rejects(requireVisible(link), /is in \/var\/lib, .* set DS_MONITORING_STATE/);
});

test("NODES asks for one kind of node", async () => {
  await assert.rejects(chooseNodes(join(directory, "none"), { NODES: "3" }), /NODES is 3: it can be/);
  assert.equal(await chooseNodes(join(directory, "none"), { NODES: "simulated" }), 2);
});
