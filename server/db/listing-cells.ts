// A cell is the set of sensors with the same standing, platform and silence. Its number is a column that the
// database computes, with these positions: standing, two bits of platform, one bit of silence.
import { SENSOR_PLATFORMS, type Sensor, type SensorStatus } from "@attacklens/protocol/sensors.ts";
import type { Standing } from "./schema-sensors.ts";

const STANDINGS: readonly Standing[] = [
  "removed",
  "replaced",
  "uninstalled",
  "blocked",
  "awaiting-approval",
  "pending",
  "reporting",
];
/** Shown only with a filter. */
const UNLISTED: readonly SensorStatus[] = ["removed", "replaced"];

export interface Cell {
  number: number;
  status: SensorStatus;
  platform: Sensor["platform"];
  isSilent: boolean;
}

const CELLS: readonly Cell[] = STANDINGS.flatMap((standing, place) =>
  SENSOR_PLATFORMS.flatMap((platform, bits) =>
    [false, true].map((isSilent) => ({
      number: place * 8 + bits * 2 + (isSilent ? 1 : 0),
      status: standing === "reporting" ? (isSilent ? "offline" : "online") : (standing as SensorStatus),
      platform,
      isSilent,
    })),
  ),
);
const BY_NUMBER = new Map(CELLS.map((cell) => [cell.number, cell]));

/** Several values have commas. */
export interface CellFilter {
  status?: string | undefined;
  platform?: string | undefined;
}

/** Returns the cells of a list. Without a status, all listed sensors. */
export function cellsOf({ status, platform }: CellFilter): Cell[] {
  const [statuses, platforms] = [status?.split(","), platform?.split(",")];
  return CELLS.filter(
    (cell) =>
      (statuses?.includes(cell.status) ?? isListed(cell)) && (platforms?.includes(cell.platform) ?? true),
  );
}

/** The smallest number of a cell whose sensors are online or offline. */
export const FIRST_REPORTING = STANDINGS.indexOf("reporting") * 8;

/** The first and the last number of a cell whose sensors are uninstalled. */
export const UNINSTALLED = [
  STANDINGS.indexOf("uninstalled") * 8,
  STANDINGS.indexOf("uninstalled") * 8 + 7,
] as const;

export const isListed = ({ status }: Pick<Cell, "status">) => !UNLISTED.includes(status);

/** Returns the standing of the sensors of a cell. */
export const standingOf = (number: number): Standing => STANDINGS[number >> 3]!;

export function cellOf(number: number): Cell {
  return BY_NUMBER.get(number)!;
}

/** Returns the cell of the same sensors as if they were not silent. */
export const seenCell = (number: number): number => number - (number % 2);

/** Returns the cell of the same sensors after they became silent, or were seen again. */
export const flipped = (number: number): number => number ^ 1;

/** Returns the numbers of the cells with silence as it may be now. */
export const withAnySilence = (cells: readonly Cell[]): number[] => [
  ...new Set(cells.flatMap(({ number }) => [number, flipped(number)])),
];
