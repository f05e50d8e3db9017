// The progress of a rollout: compares the expected hosts with the token's ledger.
import type { ArrivalState } from "@attacklens/protocol/arrivals.ts";
import type { RefusalReason } from "@attacklens/protocol/enrollment-attempts.ts";
import { type Rollout, type RolloutState, setRollout as setRoute } from "@attacklens/protocol/rollout.ts";
import type { RouteInput } from "@attacklens/protocol/route.ts";
import { recordAuditEvent, userActor } from "../audit/audit.ts";
import type { User } from "../caller.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { nameKey, toInstant } from "../ids.ts";
import { countReportingUses } from "../sensors/token-sensors.ts";
import { notFound } from "./enrollment-tokens.ts";
import { countUses, findRollout, lockToken, upsertRollout } from "./enrollment-tokens-store.ts";
import { listAttemptedHosts } from "./rollout-store.ts";

const NOTHING: RouteInput<typeof setRoute>["body"] = { type: "none" };

/** Throws not-found. */
export async function getRollout(db: Database, id: string): Promise<Rollout> {
  const stored = await findRollout(db, id);
  if (stored === undefined) throw notFound(id);
  const expected = stored === null ? NOTHING : setRoute.body.parse(JSON.parse(stored));
  // In this order, because an enrollment between the two queries changes only the second.
  const reporting = await countReportingUses(db, id);
  const enrolled = await countUses(db, id);
  const arrivals = { reporting, arrived: enrolled - reporting };
  if (expected.type !== "hostnames") {
    const machines = expected.type === "number" ? expected.machines : null;
    const missing = Math.max(0, (machines ?? 0) - arrivals.reporting - arrivals.arrived);
    return {
      expected: machines,
      enrolled,
      counts: { ...arrivals, refused: 0, missing },
      unexpected: 0,
      hosts: [],
    };
  }
  const seen = await listAttemptedHosts(db, id, expected.hostnames.map(nameKey));
  const sensors = seen.filter(({ sensorId }) => sensorId !== null);
  // The latest attempt counts, and a sensor takes precedence over refusals.
  const byHost = new Map<string, (typeof seen)[number]>();
  const firstSeen = new Map<string, number>();
  for (const { hostnameKey, firstAt } of seen)
    firstSeen.set(hostnameKey, Math.min(firstAt, firstSeen.get(hostnameKey) ?? firstAt));
  for (const attempt of [...seen.filter(({ sensorId }) => sensorId === null), ...sensors])
    byHost.set(attempt.hostnameKey, attempt);
  const counts: Rollout["counts"] = { reporting: 0, arrived: 0, refused: 0, missing: 0 };
  const hosts = expected.hostnames.map((hostname) => {
    const attempt = byHost.get(nameKey(hostname));
    const state = stateOf(attempt);
    counts[state]++;
    const reason = state === "refused" ? ((attempt?.reason ?? null) as RefusalReason | null) : null;
    return {
      ...{ hostname, state, reason },
      sensorId: attempt?.sensorId ?? null,
      sensorState: attempt?.standing ?? null,
      firstSeenAt: toInstant(firstSeen.get(nameKey(hostname)) ?? null),
    };
  });
  const unexpected = arrivals.reporting + arrivals.arrived - sensors.length;
  return { expected: hosts.length, enrolled, counts, unexpected, hosts };
}

function stateOf(attempt: { standing: ArrivalState | null } | undefined): RolloutState {
  if (attempt === undefined) return "missing";
  if (attempt.standing === null) return "refused";
  return attempt.standing === "reporting" ? "reporting" : "arrived";
}

/** For an audit event, which does not repeat thousands of hostnames. */
function describeExpected(expected: RouteInput<typeof setRoute>["body"]): { expectedHosts: number | null } {
  if (expected.type === "hostnames") return { expectedHosts: expected.hostnames.length };
  return { expectedHosts: expected.type === "number" ? expected.machines : null };
}

/** Throws not-found. */
export async function setRollout(
  db: Database,
  now: number,
  user: User,
  id: string,
  body: RouteInput<typeof setRoute>["body"],
): Promise<Rollout> {
  const expected = body.type === "hostnames" ? { ...body, hostnames: [...new Set(body.hostnames)] } : body;
  await inTransaction(db, async (tx) => {
    const token = await lockToken(tx, { id });
    if (!token) throw notFound(id);
    const stored = await findRollout(tx, id);
    await upsertRollout(tx, id, JSON.stringify(expected));
    const before = describeExpected(stored ? setRoute.body.parse(JSON.parse(stored)) : NOTHING);
    await recordAuditEvent(tx, {
      at: now,
      actor: userActor(user),
      action: "enrollment-token.rollout-set",
      entity: { type: "enrollment-token", id, name: token.name },
      details: { before, after: describeExpected(expected) },
    });
  });
  return await getRollout(db, id);
}
