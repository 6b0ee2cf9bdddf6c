/** Large numbers for people. */

const units = ['', 'k', 'M', 'G', 'T', 'P'] as const;

/** `0`, `999`, `1.5k`, `12M`: at most four characters and a unit, rounded down. */
export function formatQuantity(value: number): string {
  let [left, unit] = [Math.max(0, value), 0];
  while (left >= 1000 && unit < units.length - 1) {
    left /= 1000;
    unit += 1;
  }
  if (unit === 0) return String(Math.floor(left));
  return `${left < 10 ? (Math.floor(left * 10) / 10).toFixed(1) : Math.floor(left)}${units[unit]}`;
}
