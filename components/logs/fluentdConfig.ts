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
