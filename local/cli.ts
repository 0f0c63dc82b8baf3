import { down } from "./commands/down";
import { open } from "./commands/open";
import { preview } from "./commands/preview";
import { cleanTools, tools } from "./commands/tools";
import { up } from "./commands/up";
import { UserError } from "./userError";

const commands: Readonly<Record<string, (args: string[]) => Promise<void>>> = {
  up,
  down,
  // The Makefile hands over what was not given as an empty text.
  preview: ([stack, report, base]) =>
    preview(stack ?? "local", {
      report: report === "" ? undefined : report,
      base: base === "" ? undefined : base,
    }),
  open,
  tools,
  "clean-tools": cleanTools,
};

async function main([name, ...args]: string[]): Promise<void> {
  const command = commands[name ?? ""];
  if (command === undefined) {
    throw new UserError(`usage: local/cli.ts ${Object.keys(commands).join("|")}`);
  }
  await command(args);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(
    `${error instanceof UserError ? `error: ${error.message}` : (error as Error).stack}\n`,
  );
  process.exitCode = 1;
});
