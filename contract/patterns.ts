/** One pattern for each kind of text: for a stack's config, and for the arguments of the components. */
export const patterns = {
  /** `http://` or `https://` and a host, e.g. `https://docs.example.com/runbooks`. */
  url: /^https?:\/\/[^\s/]+\S*$/,
  /** e.g. `smtp.example.com:587`; the port is the first group. */
  hostAndPort: /^[^\s:]+:(\d{1,5})$/,
  /** A plain address, e.g. `team@example.com`. */
  emailAddress: /^[^\s,@]+@[^\s,@]+$/,
  /** Name of a namespace or a Service (RFC 1035), e.g. `churn-api`. */
  dnsLabel: /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/,
  /** Name of most other Kubernetes objects (RFC 1123 subdomain), e.g. `grafana-tls` or `fast.ssd`. */
  dnsSubdomain: /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
  /** Fully qualified name of a host, e.g. `grafana.example.com`. */
  hostName: /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+$/,
  /** From `00:00` to `24:00`. */
  timeOfDay: /^(([01]\d|2[0-3]):[0-5]\d|24:00)$/,
  /** The five fields of cron: minute, hour, day of the month, month, day of the week. */
  cron: new RegExp(
    `^${[
      cronField("[0-5]?\\d"),
      cronField("[01]?\\d|2[0-3]"),
      cronField("0?[1-9]|[12]\\d|3[01]"),
      cronField(`0?[1-9]|1[0-2]|${anyCase("JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC")}`),
      cronField(`[0-7]|${anyCase("SUN|MON|TUE|WED|THU|FRI|SAT")}`),
    ].join(" ")}$`,
  ),
} as const;

/** A base URL that a path can follow: without slashes at its end. */
export function withoutEndSlashes(url: string): string {
  return url.replace(/\/+$/, "");
}

/** A list of values, ranges and steps, e.g. `1,3`, `1-5` or `*` + `/10`. */
function cronField(value: string): string {
  const part = `(\\*|(${value})(-(${value}))?)(/[1-9]\\d*)?`;
  return `${part}(,${part})*`;
}

/** Words in capitals as a pattern for any case; JSON schemas know no flags. */
function anyCase(words: string): string {
  return words.replace(/[A-Z]/g, (letter) => `[${letter}${letter.toLowerCase()}]`);
}
