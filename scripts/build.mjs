// Bundles what runs outside the Pulumi program into dist/: the stand-in plugins, so that they start fast, and the
// programs that run inside of a stock Node image: one brings InfluxDB to its desired state, one archives its raw events.
import { build } from "esbuild";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Output name in dist/ -> entry point. */
const entryPoints = {
  archive: "components/influxdb/archive/main.ts",
  cli: "cli/main.ts",
  dashboardReader: "local/dashboardReader/main.ts",
  mail: "local/mail/main.ts",
  node: "local/node/main.ts",
  plugins: "local/plugins/main.ts",
  reconcile: "components/influxdb/reconcile/main.ts",
};

await build({
  absWorkingDir: root,
  entryPoints,
  outdir: "dist",
  bundle: true,
  platform: "node",
  target: "node20",
  format: "cjs",
  minify: true,
  legalComments: "linked",
  logLevel: "warning",
});
