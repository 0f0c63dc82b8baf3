import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { credentials } from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { GetSchemaRequest, type GetSchemaResponse } from "@pulumi/pulumi/proto/provider_pb";
import { build } from "esbuild";
import { newAppFiles } from "../../../cli/newApp";
import { repositoryRoot } from "../../../local/paths";
import { packLibrary, type PackedLibrary, writtenLines } from "../../support/packedLibrary";

// The tarball that a release publishes, unpacked beside the dependencies of this repository.

let folder: string;
let library: PackedLibrary;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "ds-monitoring-package-"));
  library = await packLibrary(folder);
  const modules = join(folder, "node_modules");
  mkdirSync(join(modules, "ds-monitoring"), { recursive: true });
  execFileSync("tar", ["xzf", library.tarball, "--strip-components=1", "-C", join(modules, "ds-monitoring")]);
  for (const name of ["@pulumi", "@grafana", "@peculiar", "@types", "yaml", "undici-types"]) {
    symlinkSync(join(repositoryRoot, "node_modules", name), join(modules, name));
  }
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** Bundles a program that uses the installed library; the files that went into it. */
async function bundled(program: string): Promise<{ inputs: string[]; bytes: number }> {
  const entry = join(folder, "entry.ts");
  writeFileSync(entry, program);
  const { metafile } = await build({
    entryPoints: [entry],
    outfile: join(folder, "bundle.js"),
    bundle: true,
    metafile: true,
    platform: "node",
    mainFields: ["module", "main"],
    external: ["@pulumi/*", "@grafana/*", "@lbrlabs/*", "@peculiar/*"],
    logLevel: "error",
  });
  const [output] = Object.values(metafile.outputs);
  // What contributes nothing to the bundle was left out of it.
  const inputs = Object.entries(output?.inputs ?? {}).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  return { inputs: inputs.map(([path]) => path), bytes: output?.bytes ?? 0 };
}

test("the tarball holds the compiled library, its types and the command, and nothing else", () => {
  const allowed =
    /^(dist\/(cjs\/(components|contract|dashboards)\/.+\.(js|d\.ts)|cjs\/provider\/(.+\.(js|d\.ts)|schema\.json)|esm\/(components|contract|dashboards)\/.+\.js|cli\.js)|provider\/(PulumiPlugin\.yaml|package\.json)|package\.json|README\.md|LICENSE|CHANGELOG\.md)$/;
  assert.deepEqual(
    library.files.filter((file) => !allowed.test(file)),
    [],
  );
  for (const entry of ["components/index", "components/azure/index", "dashboards/index"]) {
    for (const file of [`cjs/${entry}.js`, `cjs/${entry}.d.ts`, `esm/${entry}.js`]) {
      assert.ok(library.files.includes(`dist/${file}`), file);
    }
  }
});

test("every import of the library is a dependency, or a peer that its manifest names", () => {
  const manifest = JSON.parse(
    readFileSync(join(folder, "node_modules/ds-monitoring/package.json"), "utf8"),
  ) as { dependencies: object; peerDependencies: object; private?: boolean };
  assert.equal(manifest.private, undefined);
  const known = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies)];
  const imported = library.files
    .filter((file) => file.startsWith("dist/cjs/") && file.endsWith(".js"))
    .flatMap((file) => {
      const text = readFileSync(join(folder, "node_modules/ds-monitoring", file), "utf8");
      return [...text.matchAll(/^(?:const|var) .*require\("([^.][^"]*)"\)/gm)].map(([, name]) => name ?? "");
    })
    .filter((name) => !name.startsWith("node:"));
  assert.ok(imported.length > 20, "imports are found");
  for (const name of new Set(imported)) {
    assert.ok(
      known.some((dependency) => name === dependency || name.startsWith(`${dependency}/`)),
      `${name} is not among ${known.join(", ")}`,
    );
  }
});

test("Pulumi's host for Node.js starts the provider from the folder of PulumiPlugin.yaml, and it has the components", async () => {
  const installed = join(folder, "node_modules/ds-monitoring/provider");
  assert.match(readFileSync(join(installed, "PulumiPlugin.yaml"), "utf8"), /^runtime: nodejs$/m);
  // What the host's RunPlugin runs.
  const host = spawn(process.execPath, [
    join(folder, "node_modules/@pulumi/pulumi/cmd/run-plugin/index.js"),
    installed,
  ]);
  try {
    const [port] = (await once(host.stdout, "data", { signal: AbortSignal.timeout(60_000) })) as [Buffer];
    const client = new ResourceProviderClient(`127.0.0.1:${Number(port)}`, credentials.createInsecure());
    const answer = await new Promise<GetSchemaResponse>((resolve, reject) =>
      client.getSchema(new GetSchemaRequest(), (error, response) =>
        error === null ? resolve(response) : reject(error),
      ),
    );
    client.close();
    const { name, resources } = JSON.parse(answer.getSchema()) as { name: string; resources: object };
    assert.equal(name, "ds-monitoring");
    assert.deepEqual(
      Object.keys(resources).sort(),
      ["ModelApi", "Monitoring", "Pipeline"].map((type) => `ds-monitoring:index:${type}`),
    );
  } finally {
    host.kill();
  }
});

test("a stack without AKS loads neither azure-native nor Grafana's plugin", () => {
  const script = `require("ds-monitoring"); require("ds-monitoring/dashboards");
    const loaded = Object.keys(require.cache).filter((file) => /azure-native|lbrlabs/.test(file));
    process.stdout.write(JSON.stringify(loaded));`;
  const loaded = execFileSync(process.execPath, ["-e", script], { cwd: folder, encoding: "utf8" });
  assert.deepEqual(JSON.parse(loaded), []);
});

test("the library can be imported from an ES module", () => {
  const script = `import { Monitoring, withLogging } from "ds-monitoring";
    import { dashboards } from "ds-monitoring/dashboards";
    process.stdout.write([typeof Monitoring, typeof withLogging, dashboards().length].join());`;
  const printed = execFileSync(process.execPath, ["--input-type=module", "-e", script], {
    cwd: folder,
    encoding: "utf8",
  });
  assert.match(printed, /^function,function,[1-9]/);
});

test("a bundle of one import leaves the rest out", async () => {
  const one = await bundled(`import { withLogging } from "ds-monitoring"; console.log(withLogging);`);
  const parts = one.inputs.map((path) => /esm\/components\/(\w+)\//.exec(path)?.[1]);
  assert.ok(parts.includes("fluentd"));
  assert.deepEqual(
    parts.filter((part) => /^(alertmanager|alerts|grafana|influxdb|telegraf|workloads)$/.test(part ?? "")),
    [],
  );
  const all = await bundled(`import * as library from "ds-monitoring"; console.log(library);`);
  assert.ok(all.inputs.some((path) => path.endsWith("components/monitoring.js")));
  assert.ok(all.bytes > 4 * one.bytes, `${all.bytes} bytes against ${one.bytes}`);
});

test("a bundle needs no file of the package beside it", async () => {
  await bundled(
    `import { Logging } from "ds-monitoring"; import { pluginSources } from "./node_modules/ds-monitoring/dist/esm/components/fluentd/plugins/sources.js";
     console.log(typeof Logging, JSON.stringify(pluginSources()));`,
  );
  const printed = execFileSync(process.execPath, [join(folder, "bundle.js")], {
    cwd: folder,
    encoding: "utf8",
  });
  const ruby = join(repositoryRoot, "components/fluentd/plugins");
  const files = readdirSync(ruby).filter((file) => file.endsWith(".rb"));
  const texts = Object.fromEntries(files.map((file) => [file, readFileSync(join(ruby, file), "utf8")]));
  assert.ok(files.length > 1);
  assert.equal(printed.trim(), `function ${JSON.stringify(texts)}`);
});

test("what is exported has types, under both ways to resolve modules; half a choice does not compile", () => {
  const program = join(folder, "types.ts");
  writeFileSync(
    program,
    `import { DeployedOrExisting, LogSource, ModelApi, Monitoring, MonitoringArgs, Pipeline } from "ds-monitoring";
import { AksCluster } from "ds-monitoring/azure";
import { DashboardDefinition, dashboards } from "ds-monitoring/dashboards";
const all: DashboardDefinition[] = dashboards();
const choice: DeployedOrExisting<{ a: 1 }, { b: 2 }> = { deploy: { a: 1 } };
const source: LogSource = { format: "nginx" };
const args: MonitoringArgs = { environment: "dev", alertmanager: { existing: { url: "http://a:9093" } } };
// @ts-expect-error an existing Grafana needs its login
const half: MonitoringArgs = { ...args, grafana: { existing: { url: "https://grafana.example.com" } } };
// @ts-expect-error a model has a version
new ModelApi("a", { image: "i:1", model: { name: "m" }, monitoring: Monitoring.fromStack("a/b/c") });
const api: ModelApi = new ModelApi("a", { image: "i:1", model: { name: "m", version: "1" }, monitoring: Monitoring.fromStack("a/b/c") });
export default [all, choice, source, half, api, AksCluster, Pipeline];
`,
  );
  for (const [module, resolution] of [
    ["commonjs", "node"],
    ["nodenext", "nodenext"],
  ] as const) {
    const options = ["--strict", "--noEmit", "--skipLibCheck", "--target", "es2022", "--types", "node"];
    execFileSync(
      process.execPath,
      [
        join(repositoryRoot, "node_modules/typescript/bin/tsc"),
        ...options,
        ...["--module", module, "--moduleResolution", resolution, program],
      ],
      { cwd: folder, stdio: ["ignore", "inherit", "inherit"] },
    );
  }
});

test("the command works from the tarball, and writes an app that compiles: 10 lines an API, 15 for text logs", () => {
  const command = join(folder, "node_modules/ds-monitoring/dist/cli.js");
  for (const [kind, lines] of [
    ["model-api", 10],
    ["text-logs", 15],
  ] as const) {
    const app = join(folder, kind);
    const options = ["--kind", kind, "--platform", "acme/ds-monitoring/prod", "--name", "churn"];
    execFileSync(process.execPath, [command, "new-app", app, ...options]);
    const written = writtenLines(readFileSync(join(app, "index.ts"), "utf8"));
    assert.ok(written <= lines, `${kind}: ${written} lines`);
    execFileSync(process.execPath, [join(repositoryRoot, "node_modules/typescript/bin/tsc"), "-p", app], {
      stdio: ["ignore", "inherit", "inherit"],
    });
  }
});

test("a new app with a wrong name or platform is refused with the fix", () => {
  const platform = "acme/ds-monitoring/prod";
  assert.throws(() => newAppFiles({ name: "Churn", platform }), /name "Churn" must be a DNS label/);
  assert.throws(() => newAppFiles({ name: "churn", platform: "prod" }), /organization\/project\/stack/);
});
