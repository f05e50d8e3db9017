// Passkeys: added to an account, and used to sign in or to confirm the identity. Every use requires that the
// device verifies the user, so a passkey is possession and knowledge or biometrics at once.
import { randomBytes } from "node:crypto";
import { isIP } from "node:net";
import type { Passkey } from "@attacklens/protocol/passkeys.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import { z } from "zod";
import { recordAuditEvent, userActor } from "../audit/audit.ts";
import type { SessionUser } from "../caller.ts";
import { isDuplicate } from "../db/dialect.ts";
import type { Database } from "../db/schema.ts";
import type { PasskeyTable } from "../db/schema-accounts.ts";
import { inTransaction } from "../db/transaction.ts";
import { newId, toInstant } from "../ids.ts";
import { seal, unseal } from "../sealed.ts";
import * as store from "./passkeys-store.ts";

const PURPOSE = "passkey challenge";
const VALID_MS = 5 * 60_000;
const CHALLENGE_BYTES = 32;

const challengeContent = z.strictObject({
  challenge: z.string(),
  /** The user who adds a passkey; null: to sign in. */
  userId: z.string().nullable(),
  expiresAt: z.number(),
});
type Challenge = z.infer<typeof challengeContent>;

interface PasskeyOptions {
  secret: string;
  /** Passkeys belong to its host name. */
  publicUrl: string;
  now: () => number;
}

/** The WebAuthn library reads certificates of devices, so it is loaded when it is needed. */
const webauthn = () => import("@simplewebauthn/server");
type Webauthn = Awaited<ReturnType<typeof webauthn>>;
type Registration = Parameters<Webauthn["verifyRegistrationResponse"]>[0]["response"];
type Assertion = Parameters<Webauthn["verifyAuthenticationResponse"]>[0]["response"];

export function openPasskeys(db: Database, { secret, publicUrl, now }: PasskeyOptions) {
  const { hostname: host, origin, protocol } = new URL(publicUrl);

  function requireHost(): void {
    const reason = isIP(host.replace(/^\[|\]$/g, ""))
      ? `Passkeys need a host name, and the address of this console is ${host}`
      : protocol !== "https:" && host !== "localhost"
        ? "Passkeys need HTTPS"
        : undefined;
    if (reason !== undefined)
      throw new Problem("state-conflict", `${reason}. An operator can set ATTACKLENS_PUBLIC_URL.`);
  }

  function issue(userId: string | null) {
    const challenge = randomBytes(CHALLENGE_BYTES).toString("base64url");
    const content: Challenge = { challenge, userId, expiresAt: now() + VALID_MS };
    return { challenge, step: seal(secret, PURPOSE, Buffer.from(JSON.stringify(content))) };
  }

  function read(step: string, userId: string | null): Challenge | undefined {
    try {
      const text = Buffer.from(unseal(secret, PURPOSE, step)).toString();
      const content = challengeContent.parse(JSON.parse(text));
      return content.expiresAt > now() && content.userId === userId ? content : undefined;
    } catch {
      return undefined;
    }
  }

  return {
    /** Throws state-conflict where passkeys are not possible. */
    async startAdding(user: SessionUser) {
      requireHost();
      const { challenge, step } = issue(user.id);
      const existing = await store.listPasskeysOf(db, user.id);
      if (existing.length >= store.MAX_PASSKEYS)
        throw new Problem("state-conflict", `You have ${existing.length} passkeys. Remove one first.`);
      const { generateRegistrationOptions } = await webauthn();
      const options = await generateRegistrationOptions({
        rpName: "AttackLens",
        rpID: host,
        userName: user.email,
        userDisplayName: user.name,
        userID: new Uint8Array(Buffer.from(user.id)),
        challenge: new Uint8Array(Buffer.from(challenge, "base64url")),
        excludeCredentials: existing.map(({ credentialId }) => ({ id: credentialId })),
        authenticatorSelection: { residentKey: "required", userVerification: "required" },
      });
      return { step, host, options: { ...options } };
    },

    /** Throws state-conflict, input-invalid. */
    async add(user: SessionUser, step: string, name: string, response: unknown): Promise<Passkey> {
      const challenge = read(step, user.id);
      if (!challenge) throw new Problem("state-conflict", "This took too long. Start again.");
      const { verifyRegistrationResponse } = await webauthn();
      const verified = await verifyRegistrationResponse({
        response: response as Registration,
        expectedChallenge: challenge.challenge,
        expectedOrigin: origin,
        expectedRPID: host,
        requireUserVerification: true,
      }).catch((cause: unknown) => {
        throw new Problem("input-invalid", "The browser's reply is not a valid passkey", { cause });
      });
      const credential = verified.registrationInfo?.credential;
      if (!verified.verified || !credential)
        throw new Problem("input-invalid", "The browser's reply is not a valid passkey");
      const row: PasskeyTable = {
        ...{ id: newId("passkey"), userId: user.id, name, credentialId: credential.id },
        publicKey: Buffer.from(credential.publicKey).toString("base64url"),
        counter: credential.counter,
        transports: JSON.stringify(credential.transports ?? []),
        ...{ createdAt: now(), lastUsedAt: null },
      };
      await inTransaction(db, async (tx) => {
        await store.markChallengeUsed(tx, challenge.challenge, { now: now(), ...challenge });
        await store.insertPasskey(tx, row);
        await record(tx, now(), user, "user.passkey-added", name);
      });
      return present(row);
    },

    /** Throws state-conflict where passkeys are not possible. */
    async startUsing() {
      requireHost();
      const { challenge, step } = issue(null);
      const { generateAuthenticationOptions } = await webauthn();
      const options = await generateAuthenticationOptions({
        rpID: host,
        challenge: new Uint8Array(Buffer.from(challenge, "base64url")),
        userVerification: "required",
      });
      return { step, host, options: { ...options } };
    },

    /** Returns the id of the passkey's user, or undefined if the reply is not valid. Each works once. */
    async findUser(step: string, response: { id: string }): Promise<string | undefined> {
      const challenge = read(step, null);
      const passkey = challenge && (await store.findPasskey(db, response.id));
      if (!passkey) return undefined;
      const { verifyAuthenticationResponse } = await webauthn();
      const verified = await verifyAuthenticationResponse({
        response: response as Assertion,
        expectedChallenge: challenge.challenge,
        expectedOrigin: origin,
        expectedRPID: host,
        requireUserVerification: true,
        credential: {
          id: passkey.credentialId,
          publicKey: new Uint8Array(Buffer.from(passkey.publicKey, "base64url")),
          counter: Number(passkey.counter),
        },
      }).catch(() => undefined);
      if (!verified?.verified) return undefined;
      const counter = verified.authenticationInfo.newCounter;
      try {
        await inTransaction(db, async (tx) => {
          await store.markChallengeUsed(tx, challenge.challenge, { now: now(), ...challenge });
          await store.updatePasskeyUse(tx, passkey.id, { counter, lastUsedAt: now() });
        });
      } catch (error) {
        if (isDuplicate(error)) return undefined;
        throw error;
      }
      return passkey.userId;
    },

    async list(user: SessionUser): Promise<{ items: Passkey[] }> {
      return { items: (await store.listPasskeysOf(db, user.id)).map(present) };
    },

    /** Throws not-found. */
    async remove(user: SessionUser, id: string): Promise<void> {
      await inTransaction(db, async (tx) => {
        const removed = await store.deletePasskeyOf(tx, user.id, id);
        if (!removed) throw new Problem("not-found", `You have no passkey ${id}`);
        await record(tx, now(), user, "user.passkey-removed", removed.name);
      });
    },
  };
}

function present({ id, name, createdAt, lastUsedAt }: PasskeyTable): Passkey {
  return { id, name, addedAt: toInstant(createdAt), lastUsedAt: toInstant(lastUsedAt) };
}

async function record(
  tx: Database,
  at: number,
  user: SessionUser,
  action: "user.passkey-added" | "user.passkey-removed",
  passkey: string,
): Promise<void> {
  const entity = { type: "user", id: user.id, name: user.name } as const;
  await recordAuditEvent(tx, { at, actor: userActor(user), action, entity, details: { passkey } });
}
