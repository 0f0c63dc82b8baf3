// Bundles what runs outside the Pulumi program into dist/: the plugins, so that they start fast, and the programs that
// run inside of a stock Node image: one brings InfluxDB to its desired state, one archives its raw events.
import { build } from "esbuild";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Output name in dist/ -> entry point. */
const entryPoints = {
  archive: "components/influxdb/archive/main.ts",
  cli: "cli/main.ts",
  "plugins/azure-native": "local/plugins/azure-native/main.ts",
  "plugins/grafana": "local/plugins/grafana/main.ts",
  "plugins/kubernetes": "local/plugins/kubernetes/main.ts",
  "plugins/random": "local/plugins/random/main.ts",
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
