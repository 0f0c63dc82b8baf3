import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** File name -> text of the Fluentd plugins beside this module. The package's build puts the texts in its place (scripts/package.mjs). */
export const pluginSources = (): Record<string, string> =>
  Object.fromEntries(
    readdirSync(__dirname)
      .filter((file) => file.endsWith(".rb"))
      .map((file) => [file, readFileSync(join(__dirname, file), "utf8")]),
  );
