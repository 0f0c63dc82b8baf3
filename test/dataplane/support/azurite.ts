import { freePort } from "../../../local/ports";
import { run } from "../../../local/processes";
import { type Service, startService } from "../../../local/services/service";
import { ToolUnavailableError } from "../../../local/tools/resolve";

/** Microsoft's emulator of Azure Blob Storage. */
export interface Azurite extends Service {
  /** Variables with which rclone's remote `store` is the emulator. */
  readonly rcloneSettings: Record<string, string>;
}

const version = "3.37.0";

/**
 * Starts Azurite from npm, with its data in a folder.
 *
 * @throws ToolUnavailableError where npx has none
 */
export async function startAzurite(directory: string): Promise<Azurite> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/devstoreaccount1`;
  const answers = () =>
    fetch(url).then(
      () => true,
      () => false,
    );
  const options = ["--location", directory, "--blobHost", "127.0.0.1", "--blobPort", String(port)];
  const service = await startService({
    command: await program(),
    args: [...options, "--silent", "--skipApiVersionCheck", "--disableTelemetry"],
    logFile: `${directory}.log`,
    // It refuses whoever has no key.
    isReady: answers,
  });
  const settings = { TYPE: "azureblob", USE_EMULATOR: "true", ENDPOINT: url };
  const named = Object.entries(settings).map(([name, value]) => [`RCLONE_CONFIG_STORE_${name}`, value]);
  return { ...service, rcloneSettings: Object.fromEntries(named) as Record<string, string> };
}

/** The program itself: npx would not end with it. */
async function program(): Promise<string> {
  const args = ["--yes", "--package", `azurite@${version}`, "--", "sh", "-c", "command -v azurite-blob"];
  const found = await run("npx", args, { timeoutMs: 180_000 });
  if (found.code !== 0) throw new ToolUnavailableError(`npx has no azurite ${version}: ${found.stderr}`);
  return found.stdout.trim();
}
