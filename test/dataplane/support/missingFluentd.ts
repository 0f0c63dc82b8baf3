import { resolveTool, ToolUnavailableError } from "../../../local/tools/resolve";

/** Why the log path can't be run here, or false. */
export async function missingFluentd(): Promise<string | false> {
  try {
    await resolveTool("fluentd");
    return false;
  } catch (error) {
    if (!(error instanceof ToolUnavailableError)) throw error;
    return error.message;
  }
}
