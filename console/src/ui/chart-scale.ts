/** The top of an axis from 0: the lowest of 1, 2, 4, 6, 8, 10, 20, … that no value exceeds. */
export function axisTop(values: readonly number[]): number {
  const highest = values.reduce((most, value) => Math.max(most, value), 0);
  if (highest <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(highest));
  const steps = [1, 2, 4, 6, 8, 10].map((step) => step * power);
  return steps.find((step) => step >= highest) ?? 10 * power;
}
