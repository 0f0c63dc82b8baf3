/** Figures as Grafana writes them with the units that the dashboards use, near enough for a preview. */

const binary = ["B", "KiB", "MiB", "GiB", "TiB"];
const currencies: Readonly<Record<string, string>> = { currencyUSD: "$", currencyEUR: "€", currencyGBP: "£" };

/** @throws Error naming a unit that the preview does not know yet */
export function formatValue(
  value: number | string | boolean | null,
  unit: string,
  decimals?: number,
): string {
  if (value === null) return "";
  if (typeof value !== "number") return String(value);
  const currency = currencies[unit];
  if (currency !== undefined) return `${currency}${value.toFixed(decimals ?? 2)}`;
  switch (unit) {
    case "string":
    case "none":
      return shortNumber(value, decimals);
    case "short":
      return withSuffix(value, 1000, ["", " K", " Mil", " Bil"], decimals);
    case "percentunit":
      return `${shortNumber(value * 100, decimals ?? 1)}%`;
    case "s":
      return seconds(value, decimals);
    case "reqps":
      return `${shortNumber(value, decimals ?? 2)} req/s`;
    case "ops":
      return `${shortNumber(value, decimals ?? 2)} ops/s`;
    case "cores":
      return `${shortNumber(value, decimals ?? 2)} cores`;
    case "bytes":
      return withSuffix(
        value,
        1024,
        binary.map((name) => ` ${name}`),
        decimals,
      );
    case "dateTimeFromNow":
      return new Date(value).toISOString().replace("T", " ").slice(0, 19);
    default:
      throw new Error(`the preview does not know the unit "${unit}": add it to units.ts`);
  }
}

function seconds(value: number, decimals: number | undefined): string {
  const size = Math.abs(value);
  if (size < 1) return `${shortNumber(value * 1000, decimals ?? 0)} ms`;
  if (size < 120) return `${shortNumber(value, decimals ?? 2)} s`;
  return `${shortNumber(value / 60, decimals ?? 1)} min`;
}

function withSuffix(
  value: number,
  base: number,
  suffixes: readonly string[],
  decimals: number | undefined,
): string {
  const step = Math.min(
    suffixes.length - 1,
    value === 0 ? 0 : Math.max(0, Math.floor(Math.log(Math.abs(value)) / Math.log(base))),
  );
  return `${shortNumber(value / base ** step, decimals)}${suffixes[step] ?? ""}`;
}

function shortNumber(value: number, decimals = 2): string {
  return String(Number(value.toFixed(decimals)));
}
