import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The text of log_contract.rb. The package's build puts the text itself in place of this module (scripts/package.mjs). */
export const rubySource = (): string => readFileSync(join(__dirname, "log_contract.rb"), "utf8");
