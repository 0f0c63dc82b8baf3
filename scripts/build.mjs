// Bundles into dist/: the Pulumi program, its policy pack and the stand-in plugins, so that they start fast, the programs
// that run inside of a stock Node image (one brings InfluxDB to its desired state, one archives its raw events), and the
// dashboard viewer.
import { Ajv } from "ajv";
import standaloneCode from "ajv/dist/standalone/index.js";
import { build } from "esbuild";
import { readFile, rm, writeFile } from "node:fs/promises";
import { dirname, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const shared = {
  absWorkingDir: root,
  outdir: "dist",
  bundle: true,
  legalComments: "linked",
  logLevel: "warning",
};
const forNode = { platform: "node", target: "node20", format: "cjs" };

/** `__dirname` is the folder of the source in a bundle, too. */
const foldersOfSources = {
  name: "folders of sources",
  setup: ({ onLoad }) =>
    onLoad(
      { filter: /[/\\](components|config|contract|dashboards|examples)[/\\].*\.ts$/ },
      async ({ path }) => {
        const folder = `require("node:path").join(__dirname, ${JSON.stringify(relative(`${root}dist`, dirname(path)))})`;
        return { loader: "ts", contents: (await readFile(path, "utf8")).replaceAll("__dirname", folder) };
      },
    ),
};

/** The check of a stack's config as code, which `config/validate.ts` would make at each start. */
const compiledCheck = {
  name: "compiled check",
  setup: ({ onLoad }) =>
    onLoad({ filter: /[/\\]config[/\\]validate\.ts$/ }, async () => {
      const schema = JSON.parse(await readFile(`${root}config/schema.json`, "utf8"));
      const ajv = new Ajv({ strict: false, verbose: true, code: { source: true } });
      return {
        loader: "js",
        contents: standaloneCode(ajv.addSchema(schema, "config"), { validate: "config" }),
      };
    }),
};

/** Leaves out what of Pulumi's SDK runs programs and serializes functions: it takes half of the time that the SDK loads. */
const withoutPrograms = {
  name: "without programs",
  setup: ({ onLoad }) =>
    onLoad(
      {
        filter:
          /@pulumi[/\\]pulumi[/\\](automation[/\\]index|typescript-shim|runtime[/\\]closure[/\\]codePaths)\.js$/,
      },
      () => ({ contents: "" }),
    ),
};

/** Output name in dist/ -> entry point. */
const programs = {
  archive: "components/influxdb/archive/main.ts",
  cli: "cli/main.ts",
  dashboardReader: "local/dashboardReader/main.ts",
  mail: "local/mail/main.ts",
  node: "local/node/main.ts",
  shipper: "local/shipper/main.ts",
  reconcile: "components/influxdb/reconcile/main.ts",
  "viewer/server": "viewer/server/main.ts",
};

await build({ ...shared, ...forNode, minify: true, entryPoints: programs });
// Names stay: Pulumi knows some classes by them. V8 tells a cache of other sources by their length alone.
for (const name of ["plugins", "policies"]) await rm(`${root}dist/${name}.js.cache`, { force: true });
await build({
  ...shared,
  ...forNode,
  keepNames: true,
  plugins: [withoutPrograms],
  entryPoints: { plugins: "local/plugins/main.ts", policies: "policies/index.ts" },
});
// The host of the program has loaded Pulumi's SDK, and shares it with the program. There is no source map: the SDK looks up where
// each resource is declared, and reads the whole map for it, which takes longer than the program itself.
const { metafile } = await build({
  ...shared,
  ...forNode,
  keepNames: true,
  metafile: true,
  mainFields: ["module", "main"],
  plugins: [compiledCheck, foldersOfSources],
  external: ["@pulumi/*", "@lbrlabs/*", "@grpc/*"],
  entryPoints: { program: "index.ts" },
});
const sources = Object.keys(metafile.inputs).filter((path) => !path.startsWith("node_modules/"));
await writeFile(`${root}dist/program.sources.json`, JSON.stringify([...sources, "package-lock.json"]));
await build({
  ...shared,
  minify: true,
  entryPoints: { "viewer/client": "viewer/page/client.ts" },
  platform: "browser",
  target: "es2022",
  define: { "process.env.NODE_ENV": '"production"' },
});
