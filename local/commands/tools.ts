import { rm } from "node:fs/promises";
import { join } from "node:path";
import { cacheDirectory } from "../paths";
import { catalogue, type ToolName } from "../tools/catalogue";
import { resolveTool, ToolUnavailableError } from "../tools/resolve";
import { say } from "./output";

/** Find or build every tool that is known, and say where each is. */
export async function tools(): Promise<void> {
  for (const name of Object.keys(catalogue) as ToolName[]) {
    try {
      const tool = await resolveTool(name, { log: say });
      say(`${name} ${tool.version ?? ""} ${tool.path}`);
    } catch (error) {
      // Some tools serve only tests: one that is missing must not hide the others.
      if (!(error instanceof ToolUnavailableError)) throw error;
      say(`MISSING ${error.message}`);
    }
  }
}

/** Remove the tools that were built. */
export async function cleanTools(): Promise<void> {
  const directory = join(cacheDirectory(), "tools");
  await rm(directory, { recursive: true, force: true });
  say(`removed ${directory}`);
}
