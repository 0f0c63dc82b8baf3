import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { isRecord, type RenderedFormat } from "../../contract/formats";
import { joinRecords } from "../../contract/joinRecords";
import { regexpOfRuby } from "../../contract/regexps";
import type { Section } from "./config";

const quietMs = 500;
const bytesPerRead = 1024 * 1024;

/** Follows the files of a source of type `log_files`, from their beginning. */
export class Tail {
  private files: { path: string; descriptor: number; inode: number; position: number }[] = [];

  constructor(
    private readonly source: Section,
    private readonly format: RenderedFormat,
  ) {}

  /** The next records, and where each begins. The last of a file is kept back while it may grow, unless `isLast`. */
  read(isLast: boolean): { text: string; path: string; offset: number }[] {
    this.open();
    return this.files.flatMap((file) => {
      const isMoved = inodeOf(file.path) !== file.inode;
      const records = this.readFile(file, isLast || isMoved);
      if (isMoved && fstatSync(file.descriptor).size <= file.position) {
        closeSync(file.descriptor);
        this.files = this.files.filter((other) => other !== file);
      }
      return records;
    });
  }

  private open(): void {
    const { path: pattern = "", exclude_path: excluded = "[]" } = this.source;
    const folder = pattern.replace(/\/[^/]*\*.*$/, "");
    if (!existsSync(folder)) return;
    const without = (JSON.parse(excluded) as string[]).map(globRegexp);
    for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
      const path = join(folder, name);
      if (!globRegexp(pattern).test(path) || without.some((one) => one.test(path))) continue;
      const inode = inodeOf(path);
      if (inode === undefined || this.files.some((file) => file.inode === inode)) continue;
      this.files.push({ path, descriptor: openSync(path, "r"), inode, position: 0 });
    }
  }

  private readFile(file: Tail["files"][number], isWhole: boolean) {
    const { size, mtimeMs } = fstatSync(file.descriptor);
    if (size < file.position) file.position = 0;
    const buffer = Buffer.alloc(Math.min(bytesPerRead, size - file.position));
    readSync(file.descriptor, buffer, 0, buffer.length, file.position);
    const end = isWhole && buffer.length < bytesPerRead ? buffer.length : buffer.lastIndexOf("\n") + 1;
    if (end === 0) return [];
    // In this encoding a character is a byte.
    const lines = buffer.toString("latin1", 0, end).replace(/\n$/, "").split("\n");
    let next = file.position;
    const placed = lines.map((line) => {
      const offset = next;
      next += line.length + 1;
      return { text: Buffer.from(line, "latin1").toString(), path: file.path, offset };
    });
    file.position += end;
    if (this.source.join === "false") return placed;
    const start = this.source.record_start;
    const texts = placed.map(({ text }) => text);
    const isKnown = (line: string) => isRecord(line, this.format);
    const joined = joinRecords(texts, start && regexpOfRuby(start), isKnown);
    const records = joined.map(({ text, line }) => ({
      ...(placed[line - 1] as (typeof placed)[number]),
      text,
    }));
    const held = !isWhole && Date.now() - mtimeMs < quietMs ? records.pop() : undefined;
    if (held !== undefined) file.position = held.offset;
    return records;
  }
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}

function globRegexp(glob: string): RegExp {
  const patterns: Readonly<Record<string, string>> = { "**/": "(?:.*/)?", "*": "[^/]*" };
  const parts = glob.split(/(\*\*\/|\*)/).map((part) => patterns[part] ?? part.replace(/[^\w/-]/g, "\\$&"));
  return new RegExp(`^${parts.join("")}$`);
}
