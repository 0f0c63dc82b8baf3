/** An amount with two decimals and thousands separated, for example `1,234.50`. */
export function money(amount: number): string {
  return amount.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

/** Whether a total is above its limit, to the cent: sums of prices are not exact in binary. */
export function exceeds(total: number, limit: number): boolean {
  return Math.round(total * 100) > Math.round(limit * 100);
}
