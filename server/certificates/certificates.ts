// The private CA of a server without a public certificate. It is created when it is first needed. All servers
// of a database share it. A rotation has an overlap, in which the old root cross-signs the new one.
import { COUNT_CAP } from "@attacklens/protocol/page.ts";
import { recordAuditEvent, SYSTEM_ACTOR } from "../audit/audit.ts";
import type { CertificateAuthorityTable, Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { newId, toInstant } from "../ids.ts";
import { seal, unseal } from "../sealed.ts";
import {
  countSensorsNotSeenSince,
  insertAuthority,
  listAuthorities,
  lockAuthorities,
  setRetirement,
} from "./certificates-store.ts";
import { type Authority, crossSign, issue, makeAuthority, pinOf, type ServerCertificate } from "./x509.ts";

const PURPOSE = "private ca";

export interface Roots {
  /** The pin of the newest root, which signs. Deploy commands contain it. */
  pin: string;
  /** The roots that sensors trust. PEM, the newest first. */
  certificates: string[];
}

/** Returns the roots that sensors may trust now. Creates the first one if there is none. */
export async function requireRoots(db: Database, now: number, secret: string): Promise<Roots> {
  let rows = await listAuthorities(db, now);
  if (rows.length === 0) {
    const made = await makeAuthority(now);
    rows = await inTransaction(db, async (tx) => {
      await lockAuthorities(tx);
      const others = await listAuthorities(tx, now);
      if (others.length > 0) return others;
      const row = rowOf(made, null, secret, now);
      await insertAuthority(tx, row);
      await recordChange(tx, now, "certificate-authority.created", row, {});
      return [row];
    });
  }
  return { pin: pinOf(rows[0]!.certificate), certificates: rows.map(({ certificate }) => certificate) };
}

/**
 * Issues a certificate for this server with the newest root. Throws if another secret sealed the root's key.
 */
export async function issueServerCertificate(
  db: Database,
  now: number,
  secret: string,
  names: readonly string[],
): Promise<ServerCertificate> {
  await requireRoots(db, now, secret);
  const rows = await listAuthorities(db, now);
  const [current, ...older] = rows;
  if (!current) throw new Error("No certificate authority is in force");
  // Cross certificates for clients that trust only an older root. Clients that trust the newest root ignore
  // them.
  const issuers = [
    ...rows.flatMap(({ crossCertificate }, index) => (index < older.length ? (crossCertificate ?? []) : [])),
    ...older.map(({ certificate }) => certificate),
    current.certificate,
  ];
  return await issue(authorityOf(current, secret), names, issuers, now);
}

/** Creates a new root, which signs from now on. The previous ones stay trusted for `overlapMs`. */
export async function rotateAuthority(
  db: Database,
  now: number,
  secret: string,
  overlapMs: number,
): Promise<string> {
  await requireRoots(db, now, secret);
  const made = await makeAuthority(now);
  return await inTransaction(db, async (tx) => {
    await lockAuthorities(tx);
    const rows = await listAuthorities(tx, now);
    const [current] = rows;
    if (!current) throw new Error("No certificate authority is in force");
    const cross = await crossSign(made, authorityOf(current, secret), now);
    const row = rowOf(made, cross, secret, now);
    const retiresAt = now + overlapMs;
    const lasting = rows.filter((one) => one.retiresAt === null || one.retiresAt > retiresAt);
    await setRetirement(
      tx,
      lasting.map(({ id }) => id),
      retiresAt,
    );
    await insertAuthority(tx, row);
    const overlap = { before: pinOf(current.certificate), retiresAt: toInstant(retiresAt) };
    await recordChange(tx, now, "certificate-authority.rotated", row, overlap);
    return pinOf(row.certificate);
  });
}

/** Ends the overlap, so that only the newest root is trusted. Returns the number of retired roots. */
export async function retireAuthorities(db: Database, now: number): Promise<number> {
  return await inTransaction(db, async (tx) => {
    await lockAuthorities(tx);
    const [, ...older] = await listAuthorities(tx, now);
    await setRetirement(
      tx,
      older.map(({ id }) => id),
      now,
    );
    for (const row of older) await recordChange(tx, now, "certificate-authority.retired", row, {});
    return older.length;
  });
}

/**
 * Describes the roots for users, the newest first. A count of COUNT_CAP + 1 sensors means more than
 * COUNT_CAP.
 */
export async function describeAuthorities(db: Database, now: number) {
  const rows = await listAuthorities(db, now);
  return await Promise.all(
    rows.map(async ({ certificate, createdAt, retiresAt }) => ({
      pin: pinOf(certificate),
      createdAt: toInstant(createdAt),
      retiresAt: toInstant(retiresAt),
      sensorsNotSeenSince: await countSensorsNotSeenSince(db, createdAt, COUNT_CAP + 1),
    })),
  );
}

function rowOf(
  { certificate, privateKey }: Authority,
  crossCertificate: string | null,
  secret: string,
  createdAt: number,
): CertificateAuthorityTable {
  const sealedKey = seal(secret, PURPOSE, privateKey);
  return {
    id: newId("certificateAuthority"),
    certificate,
    crossCertificate,
    sealedKey,
    createdAt,
    retiresAt: null,
  };
}

function authorityOf({ certificate, sealedKey }: CertificateAuthorityTable, secret: string): Authority {
  try {
    return { certificate, privateKey: unseal(secret, PURPOSE, sealedKey) };
  } catch (error) {
    throw new Error(
      "Cannot use the private CA: its key was sealed with another secret\nhint: give ATTACKLENS_SECRET, or the session.key of the data folder, that it was made with",
      { cause: error },
    );
  }
}

async function recordChange(
  tx: Database,
  at: number,
  action: "certificate-authority.created" | "certificate-authority.rotated" | "certificate-authority.retired",
  { id, certificate }: CertificateAuthorityTable,
  details: Record<string, string>,
): Promise<void> {
  await recordAuditEvent(tx, {
    at,
    actor: SYSTEM_ACTOR,
    action,
    entity: { type: "certificate-authority", id, name: pinOf(certificate) },
    details,
  });
}
