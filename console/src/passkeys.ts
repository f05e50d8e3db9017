// Creates and uses passkeys with the browser's WebAuthn.
import { startPasskey, startPasskeySignIn } from "@attacklens/protocol/passkeys.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import { callApi } from "./api.ts";

/** The browser's response, for the server. */
interface PasskeyReply {
  step: string;
  response: { id: string; response: Record<string, unknown>; [name: string]: unknown };
}

/** Old browsers, and pages without HTTPS, have no passkeys. */
export function hasPasskeys(): boolean {
  return typeof window.PublicKeyCredential?.parseRequestOptionsFromJSON === "function";
}

/** Where `hasPasskeys` returns false. */
export const NO_PASSKEYS =
  "This browser has no passkeys here. They need a current browser, HTTPS, and a host name.";

/** Asks the device to create a passkey. Throws a `Problem`. */
export async function createPasskey(): Promise<PasskeyReply> {
  const { step, host, options } = await callApi(startPasskey, {});
  requireHost(host);
  const json = options as unknown as PublicKeyCredentialCreationOptionsJSON;
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(json);
  return await replyOf(step, () => navigator.credentials.create({ publicKey }));
}

/** Asks the user to choose a passkey. Throws a `Problem`. */
export async function usePasskey(): Promise<PasskeyReply> {
  const { step, host, options } = await callApi(startPasskeySignIn, {});
  requireHost(host);
  const json = options as unknown as PublicKeyCredentialRequestOptionsJSON;
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(json);
  return await replyOf(step, () => navigator.credentials.get({ publicKey }));
}

/** A browser offers passkeys only at the host name for which they were created. */
function requireHost(host: string): void {
  if (window.location.hostname === host) return;
  throw new Problem(
    "state-conflict",
    `Passkeys of this console work only at ${host}, and this page is open at ${window.location.hostname}. Open the console at ${host}.`,
  );
}

async function replyOf(step: string, ask: () => Promise<Credential | null>): Promise<PasskeyReply> {
  const credential = await ask().catch((cause: unknown) => {
    const isKnown = cause instanceof DOMException && cause.name === "InvalidStateError";
    const detail = isKnown
      ? "This device already has a passkey for your account."
      : "The browser did not use a passkey: it was cancelled, or took too long.";
    throw new Problem("state-conflict", detail, { cause });
  });
  if (!(credential instanceof PublicKeyCredential))
    throw new Problem("state-conflict", "The browser did not use a passkey.");
  return { step, response: credential.toJSON() as unknown as PasskeyReply["response"] };
}
