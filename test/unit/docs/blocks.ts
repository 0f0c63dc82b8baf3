import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../../../local/paths";

/** A fenced code block of a page. */
export interface Block {
  /** File and line of the fence. */
  where: string;
  /** The heading that it is below, e.g. `Scaling`. */
  section?: string;
  language: string;
  /** What `needs=` of the fence says. */
  needs?: string;
  text: string;
}

/** Every page that a reader of this repository finds, by its path. */
export const files: readonly string[] = [
  "README.md",
  ...markdownIn("docs"),
  ...markdownIn("examples"),
  ...markdownIn("python"),
].sort();

/** All of their blocks. */
export const blocks: readonly Block[] = files.flatMap((file) => blocksOf(file, textOf(file)));

export const inLanguage = (language: string): Block[] =>
  blocks.filter((block) => block.language === language);

export function textOf(file: string): string {
  return readFileSync(join(repositoryRoot, file), "utf8");
}

function markdownIn(folder: string): string[] {
  return readdirSync(join(repositoryRoot, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md"))
    .map((file) => join(folder, file));
}

function blocksOf(file: string, text: string): Block[] {
  const fence = /^( *)```(\S*)(?: +needs=(\S+))?[^\n]*\n([^]*?)^ *```$/gm;
  return [...text.matchAll(fence)].map((match) => ({
    where: `${file}:${text.slice(0, match.index).split("\n").length}`,
    section: [...text.slice(0, match.index).matchAll(/^## (.+)$/gm)].at(-1)?.[1],
    language: match[2] ?? "",
    needs: match[3],
    text: match[4] ?? "",
  }));
}
