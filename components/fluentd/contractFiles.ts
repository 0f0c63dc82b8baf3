import {
  attributesOf,
  commonAttributes,
  customEventName,
  type EventName,
  events,
  maxTagBytes,
  maxTextBytes,
} from "../../contract/events";
import {
  type CustomFormat,
  jsonAliases,
  type LogFormat,
  renderedFormat,
  severityNames,
} from "../../contract/formats";
import { rubySources } from "./ruby/sources";

/** The files of a Fluentd configuration by their names, as a ConfigMap holds them. */
export type ConfigFiles = Record<string, string>;

/** Name of the Ruby file that Fluentd loads with `-r`; it loads the others. */
export const rubyFile = "log_contract.rb";

/** Arguments of the `fluentd` command that runs what is rendered into `folder`. */
export function fluentdArguments(folder: string): string[] {
  return ["--config", `${folder}/fluent.conf`, "-r", `${folder}/${rubyFile}`];
}

const eventNames = Object.keys(events) as EventName[];

/** What is the same for every line of this Fluentd: attributes that an event lacks get these values. */
export type DefaultAttributes = Partial<
  Record<"service.name" | "service.version" | "deployment.environment.name", string>
>;

/**
 * The Ruby code of the log contract and its data.
 *
 * @param formats formats by the names that the configuration calls them
 */
export function contractFiles(
  defaults: DefaultAttributes,
  formats: Readonly<Record<string, LogFormat | CustomFormat>> = {},
): ConfigFiles {
  const tagNames = new Set(
    eventNames.flatMap((name) => Object.values(attributesOf(name)).map(({ tag }) => tag)),
  );
  const data = {
    events: Object.fromEntries(eventNames.map((name) => [name, attributesOf(name)])),
    common: commonAttributes,
    required: Object.fromEntries(
      eventNames.map((name) => [
        name,
        Object.entries(events[name].attributes).flatMap(([key, attribute]) =>
          attribute.required ? [key] : [],
        ),
      ]),
    ),
    formats: Object.fromEntries(
      Object.entries(formats).map(([name, format]) => [name, renderedFormat(format)]),
    ),
    severities: severityNames,
    aliases: jsonAliases,
    defaults,
    customEventName,
    maxTextBytes,
    maxTagBytes,
    tagNames: [...tagNames].filter((name) => name !== undefined),
  };
  const withoutDescriptions = (key: string, value: unknown) => (key === "description" ? undefined : value);
  return {
    ...rubySources(),
    "log_contract.json": JSON.stringify(data, withoutDescriptions, 1),
  };
}
