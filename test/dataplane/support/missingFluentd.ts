import { resolveTool, ToolUnavailableError } from "../../../local/tools/resolve";

/** Why the tests of the log path can't run here; false where they can. */
export async function missingFluentd(): Promise<string | false> {
  try {
    await resolveTool("fluentd");
    return false;
  } catch (error) {
    if (!(error instanceof ToolUnavailableError)) throw error;
    return `THE LOG PATH IS NOT TESTED: ${error.message}`;
  }
}
