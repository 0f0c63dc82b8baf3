import { checkTimeZone, defaultTimeZone } from "../contract/timeZone";
import { dataSources } from "./catalogue";

/** A dashboard, ready to be placed: in a ConfigMap, a Grafana resource or a file. */
export interface DashboardDefinition {
  /** Stable identifier, part of the dashboard's URL: at most 40 letters, digits, `-` or `_`. */
  readonly uid: string;
  /** Title, as people see it. */
  readonly title: string;
  /** Title of the Grafana folder. */
  readonly folder: string;
  /** Grafana's classic (v1) dashboard model as JSON text. */
  readonly json: string;
}

/** Prices of compute, for the cost panels. */
export interface ComputePrices {
  /** ISO 4217 code, lower case, as Grafana's `currency…` units end. */
  readonly currency: "usd" | "eur" | "gbp";
  /** Money per vCPU and hour. */
  readonly vcpuHour: number;
  /** Money per GiB of memory and hour. */
  readonly gibHour: number;
  /**
   * Money per GPU and hour.
   * @default none: the table of GPUs has no columns of cost
   */
  readonly gpuHour?: number;
}

/** Options of {@link dashboards}. */
export interface DashboardOptions {
  /**
   * UID of Grafana's InfluxDB data source (InfluxQL, database `monitoring`).
   * @default "influxdb"
   */
  readonly dataSourceUid?: string;
  /**
   * Name of Grafana's Alertmanager data source: the link to its alerts has it.
   * @default "Alertmanager"
   */
  readonly alertmanagerName?: string;
  /**
   * Folder of the dashboards.
   * @default "Data science monitoring"
   */
  readonly folder?: string;
  /**
   * Prices of the node pools, for the panels of cost.
   * @default defaultPrices
   */
  readonly prices?: ComputePrices;
  /**
   * Time zone of days and weeks, that of the rollups.
   * @default "UTC"
   */
  readonly timeZone?: string;
}

/** {@link DashboardOptions} with its defaults filled in. */
export type ResolvedDashboardOptions = Required<DashboardOptions>;

/** Title of the Grafana folder of the platform's dashboards. */
export const defaultFolder = "Data science monitoring";

/**
 * A stand-in where no price is configured: a D-series vCPU with its 4 GiB, split three to one between vCPU and memory.
 * Pass the prices of your own node pools.
 */
export const defaultPrices: ComputePrices = { currency: "usd", vcpuHour: 0.036, gibHour: 0.003 };

/** Kubernetes refuses a ConfigMap of more than 1 MiB; its own metadata needs some of it. */
export const maxDashboardBytes = 1024 * 1024 - 16 * 1024;

/** @throws Error naming the option that can't be used */
export function resolveDashboardOptions(options: DashboardOptions): ResolvedDashboardOptions {
  const prices = options.prices ?? defaultPrices;
  for (const key of ["vcpuHour", "gibHour", "gpuHour"] as const) {
    const price = key === "gpuHour" ? (prices[key] ?? 0) : prices[key];
    if (!(Number.isFinite(price) && price >= 0)) {
      throw new Error(`dashboards: prices.${key} is ${price}: give the money per hour, 0 or more`);
    }
  }
  const timeZone = options.timeZone ?? defaultTimeZone;
  checkTimeZone(timeZone);
  return {
    dataSourceUid: options.dataSourceUid ?? dataSources.influxdb.uid,
    alertmanagerName: options.alertmanagerName ?? dataSources.alertmanager.name,
    folder: options.folder ?? defaultFolder,
    prices,
    timeZone,
  };
}

/**
 * Checks dashboards before they are placed: our own and those that apps bring.
 *
 * @throws Error naming the dashboard and the fix: a bad or repeated uid, JSON that does not parse or has another uid,
 * or more bytes than a ConfigMap holds
 */
export function checkDashboardDefinitions(definitions: readonly DashboardDefinition[]): void {
  const seen = new Set<string>();
  for (const { uid, title, json } of definitions) {
    const name = `dashboard "${title}" (uid "${uid}")`;
    if (!/^[A-Za-z0-9_-]{1,40}$/.test(uid)) {
      throw new Error(`${name}: a uid has 1 to 40 letters, digits, "-" or "_"`);
    }
    if (seen.has(uid)) {
      throw new Error(`${name}: the uid is used twice; give each dashboard its own`);
    }
    seen.add(uid);
    if (Buffer.byteLength(json) > maxDashboardBytes) {
      throw new Error(
        `${name}: ${Buffer.byteLength(json)} bytes, a ConfigMap holds ${maxDashboardBytes}; split it`,
      );
    }
    if (uidOf(name, json) !== uid) {
      throw new Error(`${name}: "uid" in its JSON is another one; make them the same`);
    }
  }
}

/**
 * Checks dashboards that are placed in ConfigMaps: their uids become names in Kubernetes, their folders directories.
 *
 * @throws Error as {@link checkDashboardDefinitions} does, and for a uid or a folder that can't be such a name
 */
export function checkConfigMapDashboards(definitions: readonly DashboardDefinition[]): void {
  for (const { uid, title, folder } of definitions) {
    const name = `dashboard "${title}" (uid "${uid}")`;
    if (!/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(uid)) {
      throw new Error(
        `${name}: the uid becomes a name in Kubernetes; use lower-case letters, digits and "-", e.g. "churn-quality"`,
      );
    }
    if (!/^[^./][^/]*$/.test(folder)) {
      throw new Error(
        `${name}: folder "${folder}" becomes a directory; give it a name without "/" that does not begin with "."`,
      );
    }
  }
  checkDashboardDefinitions(definitions);
}

function uidOf(name: string, json: string): unknown {
  let model: unknown;
  try {
    model = JSON.parse(json);
  } catch (error) {
    throw new Error(`${name}: not JSON (${error instanceof Error ? error.message : String(error)})`);
  }
  return typeof model === "object" && model !== null && "uid" in model ? model.uid : undefined;
}
