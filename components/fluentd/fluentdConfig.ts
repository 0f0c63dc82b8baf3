/** A value that Fluentd evaluates: Ruby in a double-quoted string. */
export class RubyValue {
  constructor(readonly source: string) {}
}

/** A value of an environment variable, put in when Fluentd starts; it never stands in the file. */
export function environmentVariable(name: string): RubyValue {
  return new RubyValue(`#{ENV.fetch('${name}')}`);
}

/** A value of a parameter. */
export type Value = string | number | boolean | RubyValue;

/** A section such as `<source>`; with `parameters` in their order, then the sections inside it. */
export interface Section {
  /** Name, e.g. `match`. */
  name: string;
  /** What stands behind the name, e.g. the tag pattern of a `<match>`. */
  argument?: string;
  parameters?: Readonly<Record<string, Value>>;
  sections?: readonly Section[];
}

/**
 * The `<system>` section. What Fluentd could not read or send goes to `backup/` under `rootDir`; its default is a folder
 * of /tmp, which is lost with the container. One worker shares its sockets with no other: without that, Fluentd wants to
 * make a socket in /tmp, which a container may not write to, and does not start.
 */
export function systemSection(rootDir: string): Section {
  return {
    name: "system",
    parameters: { root_dir: rootDir, suppress_config_dump: true, disable_shared_socket: true },
  };
}

/**
 * Fluentd's message on a chunk that it could not read or send becomes an event `log.dead_letter`, so that the alert
 * DeadLetters reports it. And where Fluentd says that it has given up looking for new files, as it does
 * once the disk is full, its supervisor is made to start it anew.
 *
 * @param toLabel label of the events; "@ROOT" is outside of every label
 */
export function ownLogSection(toLabel: string): Section {
  const filter = { name: "filter", argument: "**" };
  return {
    name: "label",
    argument: "@FLUENT_LOG",
    sections: [
      {
        ...filter,
        parameters: { "@type": "record_transformer", enable_ruby: true },
        sections: [
          { name: "record", parameters: { message: '${::LogContract.begin_anew(record["message"])}' } },
        ],
      },
      {
        ...filter,
        parameters: { "@type": "grep" },
        sections: [
          {
            name: "regexp",
            parameters: { key: "message", pattern: "/bad chunk is moved to |backup failed/" },
          },
        ],
      },
      {
        ...filter,
        parameters: { "@type": "record_transformer", enable_ruby: true, renew_record: true },
        sections: [
          { name: "record", parameters: { event: '${::LogContract.dead_letter(record["message"], time)}' } },
        ],
      },
      { name: "match", argument: "**", parameters: { "@type": "relabel", "@label": toLabel } },
    ],
  };
}

/** Writes sections as a Fluentd configuration. Source: https://docs.fluentd.org/configuration/config-file */
export function writeConfig(sections: readonly Section[]): string {
  return sections.map((section) => writeSection(section, "")).join("\n");
}

function writeSection({ name, argument, parameters = {}, sections = [] }: Section, indent: string): string {
  const inner = `${indent}  `;
  return [
    `${indent}<${name}${argument === undefined ? "" : ` ${argument}`}>`,
    ...Object.entries(parameters).map(([key, value]) => `${inner}${key} ${writeValue(value)}`),
    ...sections.map((section) => writeSection(section, inner).trimEnd()),
    `${indent}</${name}>`,
    "",
  ].join("\n");
}

function writeValue(value: Value): string {
  if (value instanceof RubyValue) return `"${value.source}"`;
  if (typeof value !== "string") return String(value);
  // Plain words need no quotes; anything else goes between single ones, where only these two are special.
  if (/^[\w@./*:,-]+$/.test(value)) return value;
  return `'${value.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
