import { readFileSync } from "node:fs";
import type { RenderedFormat } from "../../contract/formats";
import { regexpOfRuby } from "../../contract/regexps";

/** Parameters of a `<source>` or `<match>`, with those of the sections inside it. */
export type Section = Readonly<Record<string, string>>;

/** What the shipper reads of the configuration in a folder that `fluentd` would be started with. */
export function readConfig(folder: string) {
  const config = readFileSync(`${folder}/fluent.conf`, "utf8");
  const blocks = config.matchAll(/^( *)<(source|match)\b.*>\n([\s\S]*?)^\1<\/\2>/gm);
  const sections = [...blocks].map(([, , , body = ""]) => {
    const parameters = [...body.matchAll(/^ *(@?\w+) (?:'(.*)'|(.+))$/gm)].map(
      ([, key, quoted, plain]) => [key, plain ?? quoted?.replace(/\\([\\'])/g, "$1")] as const,
    );
    // A section's own come before those of the sections inside it.
    return Object.fromEntries(parameters.reverse()) as Section;
  });
  const { formats, defaults } = JSON.parse(readFileSync(`${folder}/log_contract.json`, "utf8")) as {
    formats: Record<string, RenderedFormat>;
    defaults: Record<string, string>;
  };
  return { ofType: (type: string) => sections.filter((one) => one["@type"] === type), formats, defaults };
}

/** A format of the configuration, whose expressions are Ruby's, as the parser takes it. */
export function portable(format: RenderedFormat): RenderedFormat {
  const row = <Row extends { regexp: string }>(one: Row) => ({ ...one, regexp: regexpOfRuby(one.regexp) });
  const [rows, routes] = [format.rows.map(row), format.routes.map(row)];
  return { ...format, rows, times: format.times.map(regexpOfRuby), routes };
}
