import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { dashboards } from "./index";

const usage = `Writes the dashboards as JSON files, for a Grafana that is provisioned by other means.

  npm run dashboards -- --out DIR [--data-source-uid UID] [--alertmanager-name NAME]
`;

/** Writes one `<uid>.json` for each dashboard; returns the process's exit code. */
export function writeDashboards(args: readonly string[], print: (line: string) => void): number {
  const { values } = parseArgs({
    args: [...args],
    options: {
      out: { type: "string" },
      "data-source-uid": { type: "string" },
      "alertmanager-name": { type: "string" },
    },
  });
  if (values.out === undefined) {
    print(usage);
    return 2;
  }
  mkdirSync(values.out, { recursive: true });
  for (const { uid, title, json } of dashboards({
    dataSourceUid: values["data-source-uid"],
    alertmanagerName: values["alertmanager-name"],
  })) {
    const file = join(values.out, `${uid}.json`);
    writeFileSync(file, json);
    print(`${file}  ${title}`);
  }
  return 0;
}

if (require.main === module) {
  process.exitCode = writeDashboards(process.argv.slice(2), (line) => {
    console.log(line);
  });
}
