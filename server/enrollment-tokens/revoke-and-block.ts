// Revoke and block: revokes a token and blocks sensors that enrolled with it, such as after its value has
// leaked.

import { countOf } from "@attacklens/protocol/count-of.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import type { revokeAndBlockEnrollmentToken as blockRoute } from "@attacklens/protocol/revoke-and-block.ts";
import type { RouteInput } from "@attacklens/protocol/route.ts";
import type { User } from "../caller.ts";
import type { Database } from "../db/schema.ts";
import { isInNetworks, parseNetwork } from "../networks.ts";
import { presentSample, type SensorView } from "../sensors/sensors.ts";
import {
  blockableSlices,
  blockSensors,
  countTokenSensors,
  sampleBlockableSensors,
} from "../sensors/token-sensors.ts";
import { openTurns } from "../turns.ts";
import { changeToken } from "./change-token.ts";
import { getEnrollmentToken } from "./enrollment-tokens.ts";
import { actOnLockedTokens } from "./token-changes.ts";
import { badField } from "./token-settings.ts";

/** The sensors of the token that a request selects. */
interface SensorFilter {
  since?: string | undefined;
  network?: string | undefined;
}

const sinceOf = ({ since }: SensorFilter) => (since === undefined ? 0 : Date.parse(since));

/**
 * Yields the token's sensors that match the filter and are not blocked, in slices by their enrollment. The
 * network filter applies to the address from which a sensor enrolled.
 */
async function* matchingSlices(db: Database, tokenId: string, { network, ...filter }: SensorFilter) {
  const parsed = network === undefined ? undefined : parseNetwork(network);
  if (network !== undefined && parsed === undefined)
    throw badField("network", "must be a network such as 10.1.0.0/16 or 2001:db8::/32");
  const turns = openTurns("job", db);
  for await (const slice of blockableSlices(db, tokenId, sinceOf(filter))) {
    yield parsed === undefined
      ? slice
      : slice.filter(({ enrolledFrom }) => isInNetworks(enrolledFrom, [parsed]));
    if (turns.isOver()) await turns.next();
  }
}

const SAMPLE = 100;

/** Throws not-found, input-invalid. */
export async function previewEnrollmentToken(
  db: Database,
  view: SensorView,
  id: string,
  filter: SensorFilter,
) {
  await getEnrollmentToken(db, view.now, view.user, id);
  const counts = await countTokenSensors(db, view, id);
  if (filter.network === undefined)
    return { ...counts, ...(await sampleBlockableSensors(db, view, id, sinceOf(filter), SAMPLE)) };
  let toBlock = 0;
  const first: string[] = [];
  for await (const slice of matchingSlices(db, id, filter)) {
    toBlock += slice.length;
    if (first.length < SAMPLE)
      first.push(...slice.slice(0, SAMPLE - first.length).map((sensor) => sensor.id));
  }
  return { ...counts, toBlock, sample: await presentSample(db, view, first) };
}

/** One transaction. Throws not-found, input-invalid, and state-conflict when the preview is out of date. */
export async function revokeAndBlockEnrollmentToken(
  db: Database,
  now: number,
  user: User,
  id: string,
  { expectedSensors, ...filter }: RouteInput<typeof blockRoute>["body"],
) {
  let blockedSensors = 0;
  const enrollmentToken = await changeToken(db, now, user, id, "revokeAndBlock", async (tx, token) => {
    const sensors = (await Array.fromAsync(matchingSlices(tx, id, filter))).flat();
    if (sensors.length !== expectedSensors) {
      throw new Problem(
        "state-conflict",
        `Can't revoke and block: the selection now has ${countOf(sensors.length, "sensor")}, not ${expectedSensors}. Check the preview again`,
      );
    }
    if (token.revokedAt === null) await actOnLockedTokens(tx, now, user, "revoke", [token]);
    await blockSensors(tx, now, user, sensors);
    blockedSensors = sensors.length;
  });
  return { enrollmentToken, blockedSensors };
}
