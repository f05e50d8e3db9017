// One-time links: an invited user accepts the invitation with one, and a user who forgot the password sets a
// new one. The server stores the SHA-256 of the value. With 256 bits, guessing is no threat.
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import {
  type CreatedLink,
  LINK_HOURS,
  type LinkPurpose,
  type ShownLink,
} from "@attacklens/protocol/one-time-links.ts";
import { ROLES } from "@attacklens/protocol/permissions.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import { formatTokenValue, LINK_PREFIX, tokenValueError } from "@attacklens/protocol/token-value.ts";
import { recordAuditEvent } from "../audit/audit.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { nameKey, newId, toInstant } from "../ids.ts";
import { addressGroup } from "../networks.ts";
import {
  deleteLinksExpiredBefore,
  findLinkByHash,
  insertLink,
  type LinkRow,
  markLinkUsed,
  withdrawLinks,
} from "./one-time-links-store.ts";
import { type AttemptCounts, beginAttempt } from "./rate-limit.ts";
import { removeSecondFactors } from "./second-factors.ts";
import { deleteSessionsOf } from "./sessions-store.ts";
import { updateUserRow } from "./user-list-store.ts";
import type { UserEditor } from "./user-rules.ts";
import { hashNewPassword } from "./users.ts";
import { lockUserChanges, setPasswordHash } from "./users-store.ts";

const HOUR_MS = 3_600_000;
/** So long, the page of an old link says why it no longer works. */
const REMEMBERED_MS = 90 * 24 * HOUR_MS;

/** Creates a link and withdraws the earlier ones of the user. The caller has locked the changes of users. */
export async function issueLink(
  tx: Database,
  now: number,
  editor: UserEditor,
  userId: string,
  purpose: LinkPurpose,
): Promise<CreatedLink> {
  const value = formatTokenValue(randomBytes(32), LINK_PREFIX);
  const expiresAt = now + LINK_HOURS[purpose] * HOUR_MS;
  await withdrawLinks(tx, userId, now);
  await deleteLinksExpiredBefore(tx, now - REMEMBERED_MS);
  await insertLink(tx, {
    id: newId("oneTimeLink"),
    userId,
    purpose,
    valueHash: hashOf(value),
    createdAt: now,
    createdBy: editor.id,
    expiresAt,
    usedAt: null,
    withdrawnAt: null,
  });
  return { purpose, value, expiresAt: toInstant(expiresAt) };
}

/** Counts unknown values, as set-up does. The value of an existing link is always accepted. */
export function openLinkAttempts(attempts: AttemptCounts) {
  return {
    /** Throws too-many-requests if there were too many. */
    async countUnknownLink(address: string): Promise<void> {
      const { network } = addressGroup(address);
      await beginAttempt(attempts, [
        ["unknownLink", network],
        ["unknownLinkFromAnywhere", "all"],
      ]);
    },
  };
}

type OnUnknown = () => Promise<void>;

/** Throws link-invalid, too-many-requests. */
export async function lookUpLink(
  db: Database,
  now: number,
  value: string,
  onUnknown: OnUnknown,
): Promise<ShownLink> {
  const { purpose, name, email, role, createdBy, expiresAt } = await requireLink(db, now, value, onUnknown);
  return {
    ...{ purpose, name, email, createdBy },
    role: ROLES.find((one) => one === role) ?? "viewer",
    expiresAt: toInstant(expiresAt),
  };
}

interface AcceptedLink {
  value: string;
  name?: string | undefined;
  password: string;
  /** The client's address. */
  address: string;
}

/**
 * Sets the password of the link's user and ends the link. An invited user becomes active, and the sessions of
 * another one end. Returns the email to sign in with. Throws link-invalid, too-many-requests, input-invalid
 * for a weak password.
 */
export async function acceptLink(
  db: Database,
  now: number,
  { value, name, password, address }: AcceptedLink,
  onUnknown: OnUnknown,
): Promise<string> {
  const link = await requireLink(db, now, value, onUnknown);
  const newName = link.purpose === "invitation" ? (name ?? link.name) : link.name;
  const passwordHash = await hashNewPassword(password, [newName, link.email]);
  await inTransaction(db, async (tx) => {
    await lockUserChanges(tx);
    const { id, userId, email, purpose } = await requireLink(tx, now, value, onUnknown);
    await markLinkUsed(tx, id, now);
    await withdrawLinks(tx, userId, now);
    await setPasswordHash(tx, userId, passwordHash, now);
    const renamed = { name: newName, nameKey: nameKey(newName) };
    await updateUserRow(tx, userId, { ...renamed, status: "active", updatedAt: now });
    await deleteSessionsOf(tx, userId);
    // The phone with the authenticator app may be lost, too.
    await removeSecondFactors(tx, userId);
    await recordAuditEvent(tx, {
      at: now,
      actor: { type: "user", id: userId, name: newName, address },
      action: purpose === "invitation" ? "user.invitation-accepted" : "user.password-reset",
      entity: { type: "user", id: userId, name: newName },
      details: { email },
    });
  });
  return link.email;
}

/** Returns the link if it can be used. */
async function requireLink(db: Database, now: number, value: string, onUnknown: OnUnknown): Promise<LinkRow> {
  if (tokenValueError(value, LINK_PREFIX))
    throw invalid("This link is not complete. Copy the whole link, and open it again.");
  const valueHash = hashOf(value);
  const link = await findLinkByHash(db, valueHash);
  if (!link || !isEqual(valueHash, link.valueHash)) {
    await onUnknown();
    throw invalid("This link is not valid here. Ask a Super Admin for a new one.");
  }
  const [isInvitation, noun] = [link.purpose === "invitation", NOUNS[link.purpose]];
  if (link.usedAt !== null)
    throw invalid(`This ${noun} was already used. Sign in with the password that was set with it.`);
  if (link.withdrawnAt !== null || link.status !== (isInvitation ? "invited" : "active"))
    throw invalid(
      `This ${noun} is no longer valid. Use the latest link that you received, or ask a Super Admin.`,
    );
  if (link.expiresAt <= now)
    throw invalid(`This ${noun} has expired. Ask a Super Admin to create a new one.`);
  return link;
}

const NOUNS: Record<LinkPurpose, string> = { invitation: "invitation", "password-reset": "reset link" };

function invalid(detail: string): Problem {
  return new Problem("link-invalid", detail);
}

function hashOf(value: string): string {
  return createHash("sha256").update(value).digest("hex");
}

function isEqual(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(a, "hex"), Buffer.from(b, "hex"));
}
