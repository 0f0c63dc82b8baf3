/** Writes what is made from the log contract into docs/: `npm run generate`. A test says when that was forgotten. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { logContractSchema, logContractTables } from "../contract/jsonSchema";

const docs = join(__dirname, "..", "docs");

/** The generated files by their paths, as they should be. */
export function generatedFiles(): Record<string, string> {
  const page = join(docs, "log-contract.md");
  const [before, after] = readFileSync(page, "utf8").split(
    /<!-- events: generated -->[\s\S]*<!-- \/events -->/,
  );
  return {
    [join(docs, "log-contract.schema.json")]: `${JSON.stringify(logContractSchema(), null, 2)}\n`,
    [page]: `${before}<!-- events: generated -->\n\n${logContractTables()}\n<!-- /events -->${after}`,
  };
}

if (require.main === module) {
  for (const [file, content] of Object.entries(generatedFiles())) writeFileSync(file, content);
}
