/** A value that Fluentd evaluates: Ruby in a double-quoted string. */
export class RubyValue {
  constructor(readonly source: string) {}
}

/** A value of an environment variable, put in when Fluentd starts; it is never in the file. */
export function environmentVariable(name: string): RubyValue {
  return new RubyValue(`#{ENV.fetch('${name}')}`);
}

/** Parameters of a section, in their order. */
export type Parameters = Readonly<Record<string, string | number | boolean | RubyValue>>;

/** A section such as `<source>`. */
export interface Section {
  /** Name and argument, e.g. `match **`. */
  head: string;
  parameters: Parameters;
  /** Written after the parameters. */
  sections: readonly Section[];
}

/** A section with parameters, then sections inside it. */
export function section(head: string, parameters: Parameters, sections: readonly Section[] = []): Section {
  return { head, parameters, sections };
}

/** A label: the filters and outputs of the events that are routed to it. */
export function label(name: string, sections: readonly Section[]): Section {
  return section(`label ${name}`, {}, sections);
}

/** Who this Fluentd is to the other, and the key that both have. */
export function securitySection(hostname: string): Section {
  return section("security", {
    self_hostname: hostname,
    shared_key: environmentVariable("FLUENTD_SHARED_KEY"),
  });
}

/** Parameters of every buffer: what cannot be delivered is tried again for ever, and a full buffer stops the reading. */
export const lastingBuffer: Parameters = {
  flush_mode: "interval",
  flush_thread_interval: 0.1,
  // Without a pause, a chunk that the receiver can't take (its disk is full) would be sent again in a tight loop.
  flush_thread_burst_interval: 0.1,
  flush_at_shutdown: true,
  overflow_action: "block",
  retry_forever: true,
  retry_wait: 1,
  retry_max_interval: 15,
};

/**
 * The `<system>` section. What Fluentd could not read or send goes to `backup/` under `rootDir`; its default is a folder
 * of /tmp, which is lost with the container. One worker shares its sockets with no other: without that, Fluentd wants to
 * make a socket in /tmp, which a container may not write to, and does not start.
 */
export function systemSection(rootDir: string): Section {
  return section("system", { root_dir: rootDir, suppress_config_dump: true, disable_shared_socket: true });
}

/**
 * Fluentd's message on a chunk that it could not read or send becomes an event `log.dead_letter`, so that the alert
 * DeadLetters reports it.
 *
 * @param toLabel label of the events; "@ROOT" is outside of every label
 */
export function ownLogSection(toLabel: string): Section {
  return label("@FLUENT_LOG", [
    section("filter **", { "@type": "dead_letter", pattern: "/bad chunk is moved to |backup failed/" }),
    section("match **", { "@type": "relabel", "@label": toLabel }),
  ]);
}

/** Writes sections as a Fluentd configuration. Source: https://docs.fluentd.org/configuration/config-file */
export function writeConfig(sections: readonly Section[]): string {
  return sections.map((one) => writeSection(one, "")).join("\n");
}

function writeSection({ head, parameters, sections }: Section, indent: string): string {
  const inner = `${indent}  `;
  return [
    `${indent}<${head}>`,
    ...Object.entries(parameters).map(([key, value]) => `${inner}${key} ${writeValue(value)}`),
    ...sections.map((one) => writeSection(one, inner).trimEnd()),
    `${indent}</${head.split(" ")[0]}>`,
    "",
  ].join("\n");
}

function writeValue(value: Parameters[string]): string {
  if (value instanceof RubyValue) return `"${value.source}"`;
  if (typeof value !== "string") return String(value);
  // Plain words need no quotes; anything else goes between single ones, where only these two are special.
  if (/^[\w@./*:,-]+$/.test(value)) return value;
  return `'${value.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
