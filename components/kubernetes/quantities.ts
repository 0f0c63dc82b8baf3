const factors: Record<string, number> = {
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** A Kubernetes quantity above 0: an amount and a unit, e.g. `250m` of CPU or `10Gi` of storage. */
export const quantityPattern = new RegExp(
  `^(?!0+(?:\\.0+)?\\D*$)(\\d+(?:\\.\\d+)?)(${["m", ...Object.keys(factors)].join("|")})$`,
);

/**
 * Bytes of a Kubernetes quantity of memory or storage above 0, e.g. `10Gi`.
 *
 * @throws Error when it isn't one
 */
export function bytesOf(quantity: string): number {
  const match = quantityPattern.exec(quantity);
  const factor = factors[match?.[2] ?? "none"];
  if (match === null || factor === undefined) {
    throw new Error(`"${quantity}" is no Kubernetes quantity of storage above 0, e.g. "10Gi"`);
  }
  return Math.floor(Number(match[1]) * factor);
}
