import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Analyzer } from "@pulumi/pulumi/provider/experimental/analyzer";
import { generateSchema } from "@pulumi/pulumi/provider/experimental/schema";
import { repositoryRoot } from "../local/paths";

/** The schema of the package for other languages, as Pulumi's own analysis reads it from provider/declarations.ts. */
export function providerSchema(): string {
  const { name, version, description } = JSON.parse(
    readFileSync(join(repositoryRoot, "package.json"), "utf8"),
  ) as Record<"name" | "version" | "description", string>;
  const { components, typeDefinitions, dependencies } = new Analyzer(
    join(repositoryRoot, "provider"),
    name,
    { main: "declarations.js" },
    new Set(["Monitoring", "ModelApi", "Pipeline"]),
  ).analyze();
  const schema = generateSchema(name, version, description, components, typeDefinitions, dependencies);
  // Languages whose generated classes of arguments end in `Args` would say it twice.
  return `${JSON.stringify(schema, undefined, 2).replace(/(ds-monitoring:index:\w+)Args"/g, '$1"')}\n`;
}

if (require.main === module) {
  const [target] = process.argv.slice(2);
  if (target === undefined) throw new Error("say where to write the schema: providerSchema.ts FILE");
  writeFileSync(target, providerSchema());
}
