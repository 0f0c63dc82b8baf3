import {
  attributesOf,
  commonAttributes,
  customEventName,
  type EventName,
  events,
  maxTagBytes,
  maxTextBytes,
} from "../../contract/events";
import { requiredOf, tagNames } from "../../contract/conform";
import type { RenderedFormat } from "../../contract/formats";
import { jsonAliases, severityNames, severityNumberKeys } from "../../contract/loggerNames";
import { foreignMeasurements } from "../../contract/measurements";
import { portableRegexp } from "../../contract/regexps";
import { zoneOffsets } from "../../contract/times";
import { severities } from "../../contract/values";
import { pluginSources } from "./plugins/sources";

/** The files of a Fluentd configuration by their names, as a ConfigMap holds them. */
export type ConfigFiles = Record<string, string>;

/** Arguments of the `fluentd` command that runs what is rendered into `folder`, with the plugins in it. */
export function fluentdArguments(folder: string): string[] {
  return ["--config", `${folder}/fluent.conf`, "--plugin", folder];
}

const eventNames = Object.keys(events) as EventName[];

/** What is the same for every line of this Fluentd: attributes that an event lacks get these values. */
export type DefaultAttributes = Partial<
  Record<"service.name" | "service.version" | "deployment.environment.name", string>
>;

/**
 * The plugins, and the contract that they read.
 *
 * @param formats formats by the names that the configuration calls them
 */
export function contractFiles(
  defaults: DefaultAttributes,
  formats: Readonly<Record<string, RenderedFormat>> = {},
): ConfigFiles {
  const contract = {
    events: Object.fromEntries(eventNames.map((name) => [name, attributesOf(name)])),
    common: commonAttributes,
    required: Object.fromEntries(eventNames.map((name) => [name, requiredOf(name)])),
    formats: Object.fromEntries(Object.entries(formats).map(([name, format]) => [name, forRuby(format)])),
    severities: severityNames,
    severityNumbers: severities,
    severityNumberKeys,
    aliases: jsonAliases,
    zoneOffsets,
    defaults,
    customEventName: portableRegexp(customEventName).ruby,
    reservedEvents: foreignMeasurements,
    maxTextBytes,
    maxTagBytes,
    tagNames,
  };
  const withoutDescriptions = (key: string, value: unknown) => (key === "description" ? undefined : value);
  return { ...pluginSources(), "log_contract.json": JSON.stringify(contract, withoutDescriptions, 1) };
}

function forRuby(format: RenderedFormat): RenderedFormat {
  const translated = <Row extends { regexp: string }>(row: Row): Row => ({
    ...row,
    regexp: portableRegexp(row.regexp).ruby,
  });
  return {
    ...format,
    rows: format.rows.map(translated),
    times: format.times.map((pattern) => portableRegexp(pattern).ruby),
    routes: format.routes.map(translated),
  };
}
