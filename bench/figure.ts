// A measured figure, and the table of figures that a benchmark prints.

export type Limit = { atMost: number } | { atLeast: number };

export interface Figure {
  figure: string;
  value: number;
  unit: string;
  /** What it is compared with, measured in the same run; absent: nothing. */
  base?: number;
  /** `value` divided by `base`, or absent. */
  ratio?: number;
  /** For what counts: the ratio, or the value without one; absent: none. */
  limit: Limit | undefined;
  /** The widest deviation of a round from the median, as a part of it. */
  spread: number;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** The figure of rounds in which both were measured one after the other. */
export function ratioFigure(
  figure: string,
  unit: string,
  limit: Limit | undefined,
  rounds: readonly { value: number; base: number }[],
): Figure {
  const ratios = rounds.map(({ value, base }) => value / base);
  return {
    figure,
    value: round(median(rounds.map(({ value }) => value))),
    unit,
    base: round(median(rounds.map(({ base }) => base))),
    ratio: round(median(ratios)),
    limit,
    spread: spreadOf(ratios),
  };
}

export function plainFigure(
  figure: string,
  unit: string,
  limit: Limit | undefined,
  values: readonly number[],
): Figure {
  return { figure, value: round(median(values)), unit, limit, spread: spreadOf(values) };
}

/** A line for each figure, in columns. */
export function describeFigures(figures: readonly Figure[]): string {
  const rows = figures.map(({ figure, value, unit, base, ratio, limit, spread }) => [
    figure,
    `${value} ${unit}`,
    base === undefined ? "" : `${base} ${unit}`,
    ratio === undefined ? "" : String(ratio),
    limit === undefined ? "" : `${describeLimit(limit)}${ratio === undefined ? ` ${unit}` : ""}`,
    `± ${Math.round(spread * 100)}%`,
    limit === undefined || isWithin(ratio ?? value, limit) ? "" : "missed",
  ]);
  const table = [["figure", "value", "compared with", "ratio", "limit", "spread", ""], ...rows];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  return table
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** A line of JSON for each figure, for a program that compares runs. */
export function figuresAsJson(figures: readonly Figure[]): string {
  return figures
    .map(({ figure, value, unit, limit, ratio, spread }) =>
      JSON.stringify({
        figure,
        value,
        unit,
        limit: limit ? describeLimit(limit) : null,
        ratio: ratio ?? null,
        spread,
      }),
    )
    .join("\n");
}

function describeLimit(limit: Limit): string {
  return "atMost" in limit ? `≤ ${limit.atMost}` : `≥ ${limit.atLeast}`;
}

function isWithin(value: number, limit: Limit): boolean {
  return "atMost" in limit ? value <= limit.atMost : value >= limit.atLeast;
}

function spreadOf(values: readonly number[]): number {
  const middle = median(values);
  return round(Math.max(...values.map((value) => Math.abs(value / middle - 1))));
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}
