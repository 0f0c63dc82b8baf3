import { UserError } from "../userError";

/** How a tool is compiled from a pinned Go module. */
export interface GoBuild {
  /** Folder under local/tools/ whose go.mod and go.sum pin the sources. */
  folder: string;
  /** Package to build; `.` or `./FOLDER` for our own program in that folder. */
  package: string;
  /** Module in go.mod whose version is the tool's. */
  versionedBy: string;
  /** Folders of modules that are put beside our own sources, which go before them: by folder, where they are. */
  sources?: Readonly<Record<string, { module: string; path: string }>>;
  /** Files of that module that the program needs beside itself, by their path in the module. */
  besideIt?: readonly string[];
  /** Go variables that are set to the version (with its `v`), or to `reports`, so that the tool can report it. */
  versionVariables?: readonly string[];
  /** The version that the tool reports in place of the module's. */
  reports?: string;
  /** Build tags. */
  tags?: readonly string[];
  /** Extra environment of the build. `CGO_ENABLED` is 0 unless it says otherwise. */
  env?: Readonly<Record<string, string>>;
  /** Tools whose folders come first on PATH while building. */
  needsTools?: readonly ("pkg-config" | "cargo")[];
  /** A C library that is linked in, and the Debian package that has it where the system does not. */
  needsLibrary?: { name: string; debian: string };
  /** Other programs that the build runs, with the way to get them. */
  needsPrograms?: Readonly<Record<string, string>>;
  /** Roughly how long a first build takes on two cores, in seconds; only shown to the user. */
  seconds: number;
}

/** How a tool that is no Go module is had without installing it. */
export interface DebianPackages {
  /** The packages that hold it and its libraries. */
  packages: readonly string[];
  /** Packages that are taken in their place where the system has them. */
  preferred?: readonly string[];
  /**
   * Whether packages that they depend on, and that are not installed, are unpacked, too.
   * @default false
   */
  dependencies?: boolean;
  /** Programs that are made to run from where they are unpacked: by name, their path in the packages. */
  programs: Readonly<Record<string, string>>;
}

/** A program that a local run or a test may need. */
export interface Tool {
  /** What it is for, in a few words. */
  purpose: string;
  /** Present: one found on PATH may be used when its version, which it prints with `args`, is in the range. */
  onPath?: { range: string; args?: readonly string[] };
  /** Absent, and no `debian`: the tool comes from PATH only; `install` says how to get it. */
  build?: GoBuild;
  /** Not on PATH: unpacked from Debian packages into the cache, where apt-get can have them. */
  debian?: DebianPackages;
  install?: string;
}

/** A tool that is neither on PATH nor can be built here; `message` says what to install. */
export class ToolUnavailableError extends UserError {}

/** A program of a module that keeps it in `cmd/NAME`, as most do. */
export function command(module: string, name: string): Pick<GoBuild, "package" | "versionedBy"> {
  return { package: `${module}/cmd/${name}`, versionedBy: module };
}

/**
 * The version that a go.mod requires of a module, for example `v3.259.0`.
 *
 * @throws when the module is not required there
 */
export function requiredVersion(goMod: string, module: string): string {
  for (const line of goMod.split("\n")) {
    const words = line
      .trim()
      .replace(/^require\s+/, "")
      .split(/\s+/);
    if (words[0] === module && words[1]?.startsWith("v")) return words[1];
  }
  throw new Error(`go.mod does not require ${module}`);
}

/**
 * The environment that a build adds to its own. Packages above `net` are compiled anew where cgo differs, so only tools that
 * link C have it.
 */
export function goBuildEnvironment(build: GoBuild): Readonly<Record<string, string>> {
  return { CGO_ENABLED: "0", ...build.env };
}

/** Arguments of `go build` that make the tool at `output`. `version` is the pinned one. */
export function goBuildArguments(build: GoBuild, version: string, output: string): string[] {
  const variables = (build.versionVariables ?? [])
    .map((variable) => ` -X ${variable}=${build.reports ?? version}`)
    .join("");
  const tags = build.tags === undefined ? [] : ["-tags", build.tags.join(",")];
  return [
    "build",
    "-trimpath",
    "-mod=readonly",
    // Nobody debugs these programs: it is a twelfth of the compiler's work.
    "-gcflags=all=-dwarf=false",
    "-ldflags",
    `-s -w${variables}`,
    ...tags,
    "-o",
    output,
    build.package,
  ];
}
