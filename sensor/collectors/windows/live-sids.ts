// Security identifiers of accounts: as text, and their names.
import { copyWideText, openLibrary, parseWideText, wideText } from "../../windows-library.ts";

const advapi = openLibrary("advapi32.dll", {
  ConvertSidToStringSidW: { args: ["u64", "ptr"], returns: "i32" },
  ConvertStringSidToSidW: { args: ["ptr", "ptr"], returns: "i32" },
  LookupAccountSidW: { args: ["ptr", "u64", "ptr", "ptr", "ptr", "ptr", "ptr"], returns: "i32" },
  LookupAccountNameW: { args: ["ptr", "ptr", "ptr", "ptr", "ptr", "ptr", "ptr"], returns: "i32" },
});
const kernel = openLibrary("kernel32.dll", { LocalFree: { args: ["u64"], returns: "u64" } });

const MAX_NAME = 512;
const MAX_SID_BYTES = 68;
/** Their names are those of the system's language, so they have fixed ones here. */
const KNOWN_ACCOUNTS: Record<string, string> = {
  "S-1-5-18": "SYSTEM",
  "S-1-5-19": "LOCAL SERVICE",
  "S-1-5-20": "NETWORK SERVICE",
};

/** Undefined for a null pointer. */
export function formatSid(address: bigint): string | undefined {
  const text = new BigUint64Array(1);
  if (address === 0n || advapi().ConvertSidToStringSidW(address, text) === 0) return undefined;
  const sid = copyWideText(text[0]!, 200);
  kernel().LocalFree(text[0]!);
  return sid;
}

/** `DOMAIN\name`; undefined for an account that does not exist any more. */
export function findAccountName(sid: string): string | undefined {
  if (KNOWN_ACCOUNTS[sid] !== undefined) return KNOWN_ACCOUNTS[sid];
  const binary = new BigUint64Array(1);
  if (advapi().ConvertStringSidToSidW(wideText(sid), binary) === 0) return undefined;
  try {
    const [name, domain] = [Buffer.alloc(MAX_NAME * 2), Buffer.alloc(MAX_NAME * 2)];
    const lengths = [new Uint32Array([MAX_NAME]), new Uint32Array([MAX_NAME])] as const;
    const kind = new Uint32Array(1);
    const isFound = advapi().LookupAccountSidW(null, binary[0]!, name, lengths[0], domain, lengths[1], kind);
    return isFound === 0
      ? undefined
      : [parseWideText(domain), parseWideText(name)].filter(Boolean).join("\\");
  } finally {
    kernel().LocalFree(binary[0]!);
  }
}

/** Undefined if there is no such account. */
export function findAccountSid(account: string): string | undefined {
  const [sid, domain] = [Buffer.alloc(MAX_SID_BYTES), Buffer.alloc(MAX_NAME * 2)];
  const lengths = [new Uint32Array([sid.length]), new Uint32Array([MAX_NAME])] as const;
  const kind = new Uint32Array(1);
  const isFound = advapi().LookupAccountNameW(
    null,
    wideText(account),
    sid,
    lengths[0],
    domain,
    lengths[1],
    kind,
  );
  return isFound === 0 ? undefined : parseSid(sid);
}

/** A SID in memory (MS-DTYP 2.4.2.2); undefined if it is cut off. */
export function parseSid(bytes: Buffer): string | undefined {
  const count = bytes[1] ?? 0;
  if (bytes.length < 8 + count * 4) return undefined;
  const parts = Array.from({ length: count }, (_, index) => bytes.readUInt32LE(8 + index * 4));
  return ["S", bytes[0], bytes.readUIntBE(2, 6), ...parts].join("-");
}
