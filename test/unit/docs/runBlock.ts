import { createRequire } from "node:module";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { transformSync } from "esbuild";
import { Monitoring } from "../../../components";
import { repositoryRoot } from "../../../local/paths";
import { connection, email } from "../support/fixtures";

const known = {
  alertmanager: { deploy: { email } },
  monitoring: connection,
  token: pulumi.secret("the-token"),
  Monitoring,
};

/**
 * Runs a block of TypeScript as a module of the repository's root, with the names that the pages take for granted.
 *
 * @param text the block
 * @param folder where the files are that it reads
 */
export function runBlock(text: string, folder: string): void {
  const { code } = transformSync(text, { loader: "ts", format: "cjs" });
  const require = createRequire(join(repositoryRoot, "block.ts"));
  const names = Object.keys(known).filter((name) => !new RegExp(`import \\{[^}]*\\b${name}\\b`).test(text));
  const parameters = ["require", "exports", "module", ...names];
  const values = names.map((name) => known[name as keyof typeof known]);
  const original = process.cwd();
  process.chdir(folder);
  try {
    new Function(...parameters, code)(require, {}, {}, ...values);
  } finally {
    process.chdir(original);
  }
}
