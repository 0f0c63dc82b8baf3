import type { ToolName } from "../../tools/resolve";
import type { ImageConfig } from "../archive";
import type { Entry } from "../entries";

/** Layers that several images are put on. */
export type SharedLayer = "base" | "node" | "python";

/** What a recipe may ask for. */
export interface RecipeContext {
  /** A tool of the catalogue, found on PATH or built. */
  tool(name: ToolName): Promise<{ path: string; version: string | undefined }>;
  log(line: string): void;
}

/** An image that can be assembled. */
export interface Assembled {
  on: SharedLayer;
  entries: Entry[];
  config: ImageConfig;
  /** What its program is, with its version, e.g. `influxd 2.9.1, built from source`. */
  program: string;
  /** Present where it does something simpler in place of the image's program. */
  standIn?: string;
}

/** How the image of a repository is assembled; `tag` is the one that is asked for. */
export type Recipe = (context: RecipeContext, tag: string) => Promise<Assembled>;
