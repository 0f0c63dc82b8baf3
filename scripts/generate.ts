/**
 * Writes what is made from the log contract and from the arguments of the components: `npm run generate`. A test says
 * when that was forgotten.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { logContractSchema, logContractTables } from "../contract/jsonSchema";
import { configReference, configSchema, withoutDocs } from "./configSchema";

const root = join(__dirname, "..");
const docs = join(root, "docs");

/** The generated files by their paths, as they should be. */
export function generatedFiles(): Record<string, string> {
  const page = join(docs, "log-contract.md");
  const [before, after] = readFileSync(page, "utf8").split(
    /<!-- events: generated -->[\s\S]*<!-- \/events -->/,
  );
  const config = configSchema();
  return {
    [join(root, "config", "schema.json")]: `${JSON.stringify(withoutDocs(config), null, 1)}\n`,
    [join(docs, "configuration.md")]: configReference(config),
    [join(docs, "log-contract.schema.json")]: `${JSON.stringify(logContractSchema(), null, 2)}\n`,
    [page]: `${before}<!-- events: generated -->\n\n${logContractTables()}\n<!-- /events -->${after}`,
  };
}

if (require.main === module) {
  for (const [file, content] of Object.entries(generatedFiles())) writeFileSync(file, content);
}
