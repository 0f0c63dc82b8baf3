import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

import type { DashboardModel } from "../frames/dashboardModel";

/** A data source as Grafana's provisioning files describe it. */
export interface DataSource {
  readonly name: string;
  readonly uid: string;
  readonly type: string;
  readonly url: string;
  readonly basicAuthUser?: string;
  readonly jsonData?: Readonly<Record<string, unknown>>;
  readonly secureJsonData?: Readonly<Record<string, string>>;
}

/** A dashboard, and the folder that it is shown in. */
export interface ProvisionedDashboard {
  readonly folder: string;
  readonly model: DashboardModel;
}

interface Provider {
  readonly folder?: string;
  readonly options?: { readonly path?: string; readonly foldersFromFilesStructure?: boolean };
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Puts environment variables into a value of a provisioning file: `$NAME` and `${NAME}`; `$$` is a dollar.
 *
 * Source: https://grafana.com/docs/grafana/latest/administration/provisioning/#using-environment-variables
 */
export function expandEnvironment<Value>(value: Value, environment: Environment): Value {
  if (typeof value === "string") {
    return value.replace(/\$(?:\$|\{(\w+)\}|(\w+))/g, (text, braced?: string, bare?: string) =>
      text === "$$" ? "$" : (environment[braced ?? bare ?? ""] ?? ""),
    ) as Value;
  }
  if (Array.isArray(value)) return value.map((one: unknown) => expandEnvironment(one, environment)) as Value;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, expandEnvironment(one as unknown, environment)]),
  ) as Value;
}

/** Data sources of all files in `datasources/`. @param folder for example `/etc/grafana/provisioning` */
export function readDataSources(folder: string, environment: Environment): DataSource[] {
  return readFiles(join(folder, "datasources")).flatMap((file) => {
    const { datasources = [] } = file as { datasources?: DataSource[] };
    return expandEnvironment(datasources, environment);
  });
}

/**
 * Dashboards of all providers in `dashboards/`, read anew on each call: those of apps come and go. A file that is no
 * dashboard is left out.
 *
 * @param log told which file is left out, and why
 */
export function readDashboards(
  folder: string,
  environment: Environment,
  log: (line: string) => void,
): ProvisionedDashboard[] {
  const providers = readFiles(join(folder, "dashboards")).flatMap((file) => {
    const { providers: found = [] } = file as { providers?: Provider[] };
    return expandEnvironment(found, environment);
  });
  return providers.flatMap(({ folder: named = "General", options = {} }) =>
    dashboardFiles(options.path ?? "").flatMap(({ path, folder: directory }) => {
      try {
        const model = asDashboard(JSON.parse(readFileSync(path, "utf8")));
        return [{ folder: options.foldersFromFilesStructure === true ? (directory ?? named) : named, model }];
      } catch (error) {
        log(`${path} is left out: ${error instanceof Error ? error.message : String(error)}`);
        return [];
      }
    }),
  );
}

/** @throws Error naming what is missing */
function asDashboard(json: unknown): DashboardModel {
  const { uid, title } = (json ?? {}) as Partial<DashboardModel>;
  if (typeof uid !== "string" || typeof title !== "string") throw new Error("it has no uid or no title");
  const defaults = {
    description: "",
    tags: [],
    time: { from: "now-6h", to: "now" },
    panels: [],
    templating: { list: [] },
    annotations: {},
  };
  return { ...defaults, ...(json as DashboardModel) };
}

function readFiles(folder: string): unknown[] {
  return entries(folder)
    .filter(({ name }) => /\.ya?ml$/.test(name))
    .map(({ name }) => (parse(readFileSync(join(folder, name), "utf8")) ?? {}) as unknown);
}

/** JSON files below a folder. As in Grafana's own walk, a link to a folder is not followed, and hidden folders are not read. */
function dashboardFiles(path: string, folder?: string): { path: string; folder?: string }[] {
  return entries(path).flatMap((entry) => {
    const inner = join(path, entry.name);
    if (entry.isDirectory()) return entry.name.startsWith(".") ? [] : dashboardFiles(inner, entry.name);
    const isFile =
      entry.name.endsWith(".json") && statSync(inner, { throwIfNoEntry: false })?.isFile() === true;
    return isFile ? [{ path: inner, folder }] : [];
  });
}

function entries(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
