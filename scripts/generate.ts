/**
 * Writes what docs/ and config/ derive from the log contract, the alert rules, the buckets and the arguments of the
 * components: `npm run generate`. A test fails when that was forgotten.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { alertRules } from "../components/alerts/rules";
import { logContractSchema, logContractTables } from "../contract/jsonSchema";
import { configSchema, configTables, withoutDocs } from "./configSchema";
import { bucketTable, routingTable, ruleLimit, ruleTable } from "./factTables";

const root = join(__dirname, "..");
const docs = join(root, "docs");

/** The generated files by their paths, as they should be. */
export function generatedFiles(): Record<string, string> {
  const rules = alertRules();
  const config = configSchema();
  return {
    [join(root, "config", "schema.json")]: `${JSON.stringify(withoutDocs(config), null, 1)}\n`,
    [join(docs, "log-contract.schema.json")]: `${JSON.stringify(logContractSchema(), null, 2)}\n`,
    ...sections("configuration.md", { keys: configTables(config) }),
    ...sections("log-contract.md", { events: logContractTables() }),
    ...sections("alerts.md", { rules: `${ruleTable(rules)}\n`, routings: `${routingTable()}\n` }),
    ...sections("metrics.md", { buckets: `${bucketTable()}\n` }),
    ...Object.assign(
      {},
      ...rules.map((rule) => sections(`runbooks/${rule.name}.md`, { threshold: `${ruleLimit(rule)}\n` })),
    ),
  };
}

/** A page of docs/ with these parts between `<!-- name: generated -->` and `<!-- /name -->`. */
export function sections(page: string, parts: Readonly<Record<string, string>>): Record<string, string> {
  const file = join(docs, page);
  let text = readFileSync(file, "utf8");
  for (const [name, content] of Object.entries(parts)) {
    const [before, after, more] = text.split(
      new RegExp(`<!-- ${name}: generated -->[\\s\\S]*?<!-- /${name} -->`),
    );
    if (after === undefined || more !== undefined) {
      throw new Error(
        `docs/${page}: needs one <!-- ${name}: generated --> with <!-- /${name} --> after it; the text between is generated`,
      );
    }
    text = `${before}<!-- ${name}: generated -->\n\n${content}\n<!-- /${name} -->${after}`;
  }
  return { [file]: text };
}

if (require.main === module) {
  for (const [file, content] of Object.entries(generatedFiles())) writeFileSync(file, content);
}
