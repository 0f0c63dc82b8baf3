/** An amount with two decimals and thousands separated, for example `1,234.50`. */
export function money(amount: number): string {
  return amount.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}
