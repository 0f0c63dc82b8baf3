// Bundles what runs outside the Pulumi program into dist/: the stand-in plugins, so that they start fast, the programs
// that run inside of a stock Node image (one brings InfluxDB to its desired state, one archives its raw events), and the
// dashboard viewer.
import { build } from "esbuild";
import { fileURLToPath } from "node:url";

const shared = {
  absWorkingDir: fileURLToPath(new URL("..", import.meta.url)),
  outdir: "dist",
  bundle: true,
  minify: true,
  legalComments: "linked",
  logLevel: "warning",
};

/** Output name in dist/ -> entry point. */
const programs = {
  archive: "components/influxdb/archive/main.ts",
  cli: "cli/main.ts",
  dashboardReader: "local/dashboardReader/main.ts",
  mail: "local/mail/main.ts",
  node: "local/node/main.ts",
  plugins: "local/plugins/main.ts",
  shipper: "local/shipper/main.ts",
  reconcile: "components/influxdb/reconcile/main.ts",
  "viewer/server": "viewer/server/main.ts",
};

await build({ ...shared, entryPoints: programs, platform: "node", target: "node20", format: "cjs" });
await build({
  ...shared,
  entryPoints: { "viewer/client": "viewer/page/client.ts" },
  platform: "browser",
  target: "es2022",
  define: { "process.env.NODE_ENV": '"production"' },
});
