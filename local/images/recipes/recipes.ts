import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { repositoryRoot } from "../../paths";
import { UserError } from "../../userError";
import { accounts } from "../base";
import { type Entry, file, folder, program, programsOnPath, text, tree } from "../entries";
import { findFluentd } from "./fluentd";
import { exampleEntries, pythonPackages } from "./python";
import type { Assembled, Recipe } from "./recipe";

const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const pathVariable = `PATH=${path}`;

/** One of our scripts that begin a container. */
async function entrypoint(at: string, name: "command" | "fluentd" | "influxdb"): Promise<Entry> {
  const script = join(repositoryRoot, "local", "images", "entrypoints", `${name}.sh`);
  return text(at, await readFile(script, "utf8"), 0o755);
}

/** @throws UserError when it was not built */
async function bundle(at: string, name: string): Promise<Entry[]> {
  const built = join(repositoryRoot, "dist", name);
  if (!existsSync(built)) throw new UserError(`${built} is missing: run \`npm run build\``);
  return built.endsWith(".js") ? [await file(at, built)] : tree(at, built);
}

const fluentd: Recipe = async (context, tag) => {
  const version = /\d+\.\d+\.\d+/.exec(tag)?.[0] ?? tag;
  const found = await findFluentd(version, (line) => context.log(line));
  const account = { name: "fluent", uid: 999, gid: 999, home: "/home/fluent" };
  if (found === undefined) {
    return standIn("the shipper", bundle("/app/shipper.js", "shipper.js"), {
      standIn:
        "a small shipper of ours in place of Fluentd, for want of a `fluentd` on PATH and of RubyGems: it has no buffer",
      user: "fluent",
      at: "/app/shipper.js",
      account,
    });
  }
  const config = "<source>\n  @type forward\n</source>\n<match **>\n  @type stdout\n</match>\n";
  return {
    on: "base",
    entries: [
      ...found.entries,
      ...accounts(account),
      await entrypoint("/usr/bin/entrypoint.sh", "fluentd"),
      text("/fluentd/etc/fluent.conf", config),
      ...["etc", "log", "plugins"].map((name) => folder(`/fluentd/${name}`, 0o755, account)),
    ],
    config: {
      User: "fluent",
      Env: [
        `PATH=${found.launcher.replace(/\/[^/]*$/, "")}:${path}`,
        "LANG=C.UTF-8",
        "FLUENTD_CONF=fluent.conf",
        // Older ones make their socket in /tmp, whatever TMPDIR says, and the root file system is read-only.
        "SERVERENGINE_SOCKETMANAGER_SOCK_DIR=/dev/shm",
        ...found.env,
      ],
      Entrypoint: ["/bin/entrypoint.sh"],
      Cmd: ["fluentd"],
      ExposedPorts: { "24224/tcp": {}, "5140/tcp": {} },
    },
    program: `Fluentd ${found.version} from ${found.from}`,
  };
};

const influxDb: Recipe = async (context) => {
  const [influxd, influx] = [await context.tool("influxd"), await context.tool("influx")];
  const account = { name: "influxdb", uid: 1000, gid: 1000, home: "/home/influxdb" };
  return {
    on: "base",
    entries: [
      ...(await program("/usr/local/bin/influxd", influxd.path)),
      ...(await program("/usr/local/bin/influx", influx.path)),
      ...accounts(account),
      await entrypoint("/entrypoint.sh", "influxdb"),
      ...["/var/lib/influxdb2", "/etc/influxdb2", "/home/influxdb"].map((at) => folder(at, 0o700, account)),
    ],
    config: {
      Env: [pathVariable, "INFLUX_CONFIGS_PATH=/etc/influxdb2/influx-configs", "INFLUXD_INIT_PORT=9999"],
      Entrypoint: ["/entrypoint.sh"],
      Cmd: ["influxd"],
      ExposedPorts: { "8086/tcp": {} },
      Volumes: { "/var/lib/influxdb2": {}, "/etc/influxdb2": {} },
    },
    program: `influxd ${influxd.version} and influx ${influx.version ?? ""}`,
  };
};

const telegraf: Recipe = async (context) => {
  const tool = await context.tool("telegraf");
  return {
    on: "base",
    entries: [
      ...(await program("/usr/bin/telegraf", tool.path)),
      // In the stock image too: the script that reads the inodes of volumes needs it.
      ...(await programsOnPath(["curl"])),
      ...accounts({ name: "telegraf", uid: 999, gid: 999, home: "/etc/telegraf" }),
      await entrypoint("/entrypoint.sh", "command"),
    ],
    config: {
      Env: [pathVariable, "IMAGE_PROGRAM=telegraf"],
      Entrypoint: ["/entrypoint.sh"],
      Cmd: ["telegraf"],
      ExposedPorts: { "8092/udp": {}, "8094/tcp": {}, "8125/udp": {} },
    },
    program: `telegraf ${tool.version}, with the plugins that the platform uses`,
  };
};

const alertmanager: Recipe = async (context) => {
  const tool = await context.tool("alertmanager");
  return {
    on: "base",
    entries: [
      ...(await program("/usr/bin/alertmanager", tool.path)),
      ...(await program("/usr/bin/amtool", (await context.tool("amtool")).path)),
      folder("/alertmanager", 0o755, { uid: 65_534, gid: 65_534 }),
    ],
    config: {
      User: "nobody",
      Env: [pathVariable],
      Entrypoint: ["/bin/alertmanager"],
      Cmd: ["--config.file=/etc/alertmanager/alertmanager.yml", "--storage.path=/alertmanager"],
      WorkingDir: "/alertmanager",
      ExposedPorts: { "9093/tcp": {} },
      Volumes: { "/alertmanager": {} },
    },
    program: `alertmanager ${tool.version}`,
  };
};

const node: Recipe = async (_context, tag) => ({
  on: "node",
  entries: [
    ...accounts({ name: "node", uid: 1000, gid: 1000, home: "/home/node" }),
    await entrypoint("/usr/local/bin/docker-entrypoint.sh", "command"),
  ],
  config: {
    Env: [pathVariable, "IMAGE_PROGRAM=node"],
    Entrypoint: ["docker-entrypoint.sh"],
    Cmd: ["node"],
  },
  program: `Node.js ${tag.split("-")[0]} from npm`,
});

/** An image in which a program of ours does what the platform needs of the image's own. */
async function standIn(
  name: string,
  entries: Promise<Entry[]>,
  settings: { standIn: string; user: string; at: string; account?: Parameters<typeof accounts>[0] },
): Promise<Assembled> {
  return {
    on: "node",
    entries: [...(await entries), ...accounts(settings.account)],
    config: {
      User: settings.user,
      Env: [pathVariable, "NODE_ENV=production"],
      Entrypoint: ["node", settings.at],
    },
    program: name,
    standIn: settings.standIn,
  };
}

const grafana: Recipe = () =>
  standIn("the dashboard viewer", bundle("/usr/share/grafana", "viewer"), {
    standIn: "the dashboard viewer, which shows the same dashboards in place of Grafana",
    user: "472:0",
    at: "/usr/share/grafana/server.js",
    account: { name: "grafana", uid: 472, gid: 0, home: "/usr/share/grafana" },
  });

const dashboardReader: Recipe = () =>
  standIn("the reader of dashboards", bundle("/app/dashboardReader.js", "dashboardReader.js"), {
    standIn: "a program of ours, which copies dashboards from ConfigMaps in place of k8s-sidecar",
    user: "65534:65534",
    at: "/app/dashboardReader.js",
  });

const mail: Recipe = () =>
  standIn("the mail server", bundle("/app/mail.js", "mail.js"), {
    standIn: "a mail server of ours with a page to read the mails, in place of Mailpit",
    user: "65534:65534",
    at: "/app/mail.js",
  });

function penguins(image: "pipeline" | "api", start: readonly string[]): Recipe {
  return async () => ({
    on: "python",
    entries: await exampleEntries(image),
    config: {
      User: "10001:10001",
      Env: [
        pathVariable,
        "LANG=C.UTF-8",
        "PYTHONDONTWRITEBYTECODE=1",
        "PYTHONUNBUFFERED=1",
        `PYTHONPATH=${pythonPackages}`,
      ],
      Entrypoint: start,
      WorkingDir: "/app",
      ...(image === "api" && { ExposedPorts: { "8080/tcp": {} } }),
    },
    program: `examples/penguins/${image} with its pinned packages`,
  });
}

/** How each image is assembled, by its repository, without the registry for those of Docker Hub. */
export const recipes: Readonly<Record<string, Recipe>> = {
  "fluent/fluentd": fluentd,
  influxdb: influxDb,
  telegraf,
  "prom/alertmanager": alertmanager,
  node,
  "grafana/grafana": grafana,
  "kiwigrid/k8s-sidecar": dashboardReader,
  "axllent/mailpit": mail,
  "localhost:5000/penguins-pipeline": penguins("pipeline", ["python", "-m", "penguins"]),
  "localhost:5000/penguins-api": penguins("api", ["gunicorn", "penguins_api:create_app()"]),
};
