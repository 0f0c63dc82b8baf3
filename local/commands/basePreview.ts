import { mkdir, rm, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Engine } from "../engine/engine";
import type { PlannedStep } from "../../policies/report/planned";
import { repositoryRoot } from "../paths";
import { run } from "../processes";
import { UserError } from "../userError";

/**
 * What the program of a commit declares for a stack, previewed as new in a work tree of its own.
 *
 * The packages are those installed here, so a change of package-lock.json shows on both sides.
 *
 * @param base branch, tag or commit
 * @param stateDirectory folder for the work tree and a state of its own
 * @throws UserError when there is no such commit, or its preview fails
 */
export async function previewBase(
  stack: string,
  base: string,
  stateDirectory: string,
): Promise<PlannedStep[]> {
  const project = join(stateDirectory, "base");
  await mkdir(dirname(project), { recursive: true });
  await removeWorkTree(project);
  await command("git", ["worktree", "add", "--detach", project, base], repositoryRoot);
  try {
    await symlink(join(repositoryRoot, "node_modules"), join(project, "node_modules"));
    await command("npm", ["run", "--silent", "build"], project);
    const engine = await Engine.open({ project, stack, stateDirectory: join(stateDirectory, "base-state") });
    const result = await engine.preview();
    if (result.code !== 0) {
      throw new UserError(
        `the preview of ${stack} at ${base} failed, so there is nothing to compare with:\n${result.stdout}`,
      );
    }
    return result.steps;
  } finally {
    await removeWorkTree(project);
  }
}

/** Also one that a killed run left. */
async function removeWorkTree(project: string): Promise<void> {
  await rm(project, { recursive: true, force: true });
  await command("git", ["worktree", "prune"], repositoryRoot);
}

async function command(program: string, args: readonly string[], cwd: string): Promise<void> {
  const result = await run(program, args, { cwd });
  if (result.code !== 0) throw new UserError(`${program} ${args.join(" ")} failed: ${result.stderr.trim()}`);
}
