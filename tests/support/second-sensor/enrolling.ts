// The second sensor's first and last requests: checking a token, enrolling, re-enrolling and unenrolling.
import type { Json } from "./inventory-chunks.ts";
import {
  askAsSensor,
  becomeEnrolled,
  change,
  expectStatus,
  keyOf,
  pauseAfter,
  type SecondSensor,
  VERSION,
} from "./second-sensor.ts";
import { newSeed } from "./sensor-folder.ts";
import { ask, type Problem } from "./signed-exchange.ts";
import { fingerprintOf, parseToken, publicKeyTextOf } from "./signed-requests.ts";

export class EnrollmentRefused extends Error {
  constructor(readonly problem: Problem) {
    super(`Cannot enroll sensor: ${problem.code} ${problem.reference ?? ""}`);
  }
}

export function fingerprintOfSensor(sensor: SecondSensor): string {
  return fingerprintOf(publicKeyTextOf(keyOf(sensor.identity.seed)));
}

export async function checkToken(
  { connection, host }: SecondSensor,
  token: string,
): Promise<Record<string, Json>> {
  const authorization = `Bearer ${parseToken("atl_enr_", token)}`;
  const result = await ask(connection, {
    method: "POST",
    path: "/sensor/v1/check",
    body: JSON.stringify({ hostname: host.hostname }),
    authorization,
  });
  if (result.kind === "answer") {
    return result.body;
  }
  throw result.kind === "refusal"
    ? new EnrollmentRefused(result.problem)
    : new Error(`Cannot check token: ${result.why}`);
}

/** Retries until a reply arrives. Throws EnrollmentRefused if a retry cannot help. */
export async function enroll(sensor: SecondSensor, token: string): Promise<Record<string, Json>> {
  return enrollWith(sensor, "/sensor/v1/enroll", parseToken("atl_enr_", token), sensor.identity.seed);
}

/** Uses a new key. The server refuses the host's previous key, if any, from then on. */
export async function reEnroll(sensor: SecondSensor, ticket: string): Promise<Record<string, Json>> {
  const seed = sensor.identity.ticketSeed ?? newSeed();
  change(sensor, { ...sensor.identity, ticketSeed: seed });
  return enrollWith(sensor, "/sensor/v1/re-enroll", parseToken("atl_tkt_", ticket), seed);
}

async function enrollWith(
  sensor: SecondSensor,
  path: string,
  bearer: string,
  seed: string,
): Promise<Record<string, Json>> {
  const publicKey = publicKeyTextOf(keyOf(seed));
  const body = JSON.stringify({ publicKey, ...VERSION, host: sensor.host });
  for (;;) {
    const result = await ask(sensor.connection, {
      method: "POST",
      path,
      body,
      authorization: `Bearer ${bearer}`,
      signer: { seed, keyid: publicKey },
    });
    if (result.kind === "answer") {
      becomeEnrolled(sensor, seed, expectStatus(result, 201));
      return result.body;
    }
    if (result.kind === "refusal" && result.status !== 429 && result.status < 500) {
      throw new EnrollmentRefused(result.problem);
    }
    await sensor.sleep(pauseAfter(sensor, result).pauseMs);
  }
}

/** Retries until the server has received it. */
export async function sendUnenroll(sensor: SecondSensor): Promise<void> {
  for (;;) {
    const result = await askAsSensor(sensor, { method: "POST", path: "/sensor/v1/unenroll", body: "{}" });
    if (result.kind === "answer" || (result.kind === "refusal" && result.problem.code === "sensor-unknown")) {
      return;
    }
    await sensor.sleep(pauseAfter(sensor, result).pauseMs);
  }
}
