// A cell is the set of sensors with the same standing, platform and silence. Its number is a column that the
// database computes, with these positions: standing, two bits of platform, one bit of silence.
import type { Sensor, SensorStatus } from "@attacklens/protocol/sensors.ts";
import type { Standing } from "./schema.ts";

const STANDINGS: readonly Standing[] = [
  "removed",
  "replaced",
  "uninstalled",
  "blocked",
  "awaiting-approval",
  "pending",
  "reporting",
];
export const PLATFORMS = ["linux", "windows", "darwin"] as const satisfies Sensor["platform"][];
/** Shown only with a filter. */
const UNLISTED: readonly SensorStatus[] = ["removed", "replaced"];

export interface Cell {
  number: number;
  status: SensorStatus;
  platform: Sensor["platform"];
  isSilent: boolean;
}

const CELLS: readonly Cell[] = STANDINGS.flatMap((standing, place) =>
  PLATFORMS.flatMap((platform, bits) =>
    [false, true].map((isSilent) => ({
      number: place * 8 + bits * 2 + (isSilent ? 1 : 0),
      status: standing === "reporting" ? (isSilent ? "offline" : "online") : (standing as SensorStatus),
      platform,
      isSilent,
    })),
  ),
);
const BY_NUMBER = new Map(CELLS.map((cell) => [cell.number, cell]));

export interface CellFilter {
  status?: SensorStatus | undefined;
  platform?: Sensor["platform"] | undefined;
}

/** Returns the cells of a list. Without a status, all listed sensors. */
export function cellsOf({ status, platform }: CellFilter): Cell[] {
  return CELLS.filter(
    (cell) =>
      (status === undefined ? isListed(cell) : cell.status === status) &&
      (platform === undefined || cell.platform === platform),
  );
}

export const isListed = ({ status }: Pick<Cell, "status">) => !UNLISTED.includes(status);

export function cellOf(number: number): Cell {
  return BY_NUMBER.get(number)!;
}

/** Returns the cell of the same sensors as if they were not silent. */
export const seenCell = (number: number): number => number - (number % 2);

/** Returns the cell of the same sensors after they became silent, or were seen again. */
export const flipped = (number: number): number => number ^ 1;
