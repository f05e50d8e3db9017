// Local accounts of the running system, by netapi32. Windows allocates what these functions return.
import { copyMemory, copyWideText, openLibrary, wideText } from "../../windows-library.ts";
import { type LocalGroup, type LocalUser, PRIVILEGED } from "./accounts.ts";
import { findAccountName, findAccountSid, formatSid } from "./live-sids.ts";
import type { PasswordPolicy } from "./password-policy.ts";
import { parseUnixTime } from "./registry.ts";
import type { Join } from "./system.ts";

const netapi = openLibrary("netapi32.dll", {
  NetUserEnum: { args: ["ptr", "u32", "u32", "ptr", "u32", "ptr", "ptr", "ptr"], returns: "u32" },
  NetLocalGroupEnum: { args: ["ptr", "u32", "ptr", "u32", "ptr", "ptr", "ptr"], returns: "u32" },
  NetLocalGroupGetMembers: { args: ["ptr", "ptr", "u32", "ptr", "u32", "ptr", "ptr", "ptr"], returns: "u32" },
  NetUserModalsGet: { args: ["ptr", "u32", "ptr"], returns: "u32" },
  NetGetJoinInformation: { args: ["ptr", "ptr", "ptr"], returns: "u32" },
  NetApiBufferFree: { args: ["u64"], returns: "u32" },
});

const NORMAL_ACCOUNTS = 2;
const MORE_DATA = 234;
const WHOLE = 0xffff_ffff;
const NEVER = 0xffff_ffff;
const MAX_ROWS = 50_000;
/** Users and Remote Desktop Users. */
const USUAL_GROUPS = ["S-1-5-32-545", "S-1-5-32-555"];

/**
 * The levels of USER_INFO, the best first: an ordinary user may not see level 3. Offsets on 64-bit Windows.
 */
const USER_LEVELS = [
  { level: 3, bytes: 184, fullName: 64, flags: 40, rid: 152 },
  { level: 20, bytes: 32, fullName: 8, flags: 24, rid: 28 },
  { level: 0, bytes: 8 },
] as const;

type Call = (buffer: BigUint64Array, read: Uint32Array, resume: BigUint64Array) => number;

/** Each row of a list that Windows returns in parts. Undefined: the call failed. */
function listRows<T>(bytes: number, call: Call, parse: (row: Buffer) => T): T[] | undefined {
  const rows: T[] = [];
  const resume = new BigUint64Array(1);
  for (;;) {
    const [buffer, read] = [new BigUint64Array(1), new Uint32Array(1)];
    const result = call(buffer, read, resume);
    if (result !== 0 && result !== MORE_DATA) return undefined;
    const count = buffer[0] === 0n ? 0 : read[0]!;
    try {
      const memory = copyMemory(buffer[0]!, count * bytes);
      for (let at = 0; at < memory.length; at += bytes) rows.push(parse(memory.subarray(at, at + bytes)));
    } finally {
      if (buffer[0] !== 0n) netapi().NetApiBufferFree(buffer[0]!);
    }
    if (result === 0 || count === 0 || rows.length >= MAX_ROWS) return rows;
  }
}

/** Undefined if Windows does not list them. `profileOf`: the folder of the user with a SID. */
export function readLocalUsers(profileOf: (sid: string) => string | undefined): LocalUser[] | undefined {
  const machine = readMachineSid();
  for (const layout of USER_LEVELS) {
    const users = listRows(
      layout.bytes,
      (buffer, read, resume) =>
        netapi().NetUserEnum(
          null,
          layout.level,
          NORMAL_ACCOUNTS,
          buffer,
          WHOLE,
          read,
          new Uint32Array(1),
          resume,
        ),
      (row) => {
        const has = layout.level !== 0;
        const rid = has ? row.readUInt32LE(layout.rid) : 0;
        const sid = machine && rid > 0 ? `${machine}-${rid}` : undefined;
        return {
          name: copyWideText(row.readBigUInt64LE(0), 256) ?? "",
          sid,
          fullName: has ? copyWideText(row.readBigUInt64LE(layout.fullName), 512) : undefined,
          flags: has ? row.readUInt32LE(layout.flags) : undefined,
          home: sid && profileOf(sid),
          ...(layout.level === 3 ? timesOf(row) : NO_TIMES),
        };
      },
    );
    if (users !== undefined) return users.filter(({ name }) => name !== "");
  }
  return undefined;
}

const NO_TIMES = { lastLoginAt: undefined, passwordChangedOn: undefined, expiresOn: undefined };

function timesOf(row: Buffer): Pick<LocalUser, "lastLoginAt" | "passwordChangedOn" | "expiresOn"> {
  const ageSeconds = row.readUInt32LE(16);
  const [lastLogin, expires] = [row.readUInt32LE(96), row.readUInt32LE(104)];
  const now = Math.floor(Date.now() / 1_000);
  return {
    lastLoginAt: parseUnixTime(lastLogin),
    passwordChangedOn: ageSeconds === 0 ? undefined : parseUnixTime(now - ageSeconds)?.slice(0, 10),
    expiresOn: expires === NEVER ? undefined : parseUnixTime(expires)?.slice(0, 10),
  };
}

export function readLocalGroups(): LocalGroup[] {
  const listed =
    listRows(
      8,
      (buffer, read, resume) =>
        netapi().NetLocalGroupEnum(null, 0, buffer, WHOLE, read, new Uint32Array(1), resume),
      (row) => copyWideText(row.readBigUInt64LE(0), 256) ?? "",
    ) ?? [];
  // Windows always has these, even where it does not list them.
  const known = [...Object.keys(PRIVILEGED), ...USUAL_GROUPS].flatMap(
    (sid) => findAccountName(sid)?.split("\\").at(-1) ?? [],
  );
  const names = listed.length > 0 ? listed : known;
  return names.flatMap((name) => {
    const members = readMembers(name);
    return members === undefined ? [] : { name, sid: findAccountSid(name), members };
  });
}

/** Undefined: there is no such group. */
function readMembers(group: string): LocalGroup["members"] | undefined {
  const name = wideText(group);
  const call =
    (level: number): Call =>
    (buffer, read, resume) =>
      netapi().NetLocalGroupGetMembers(null, name, level, buffer, WHOLE, read, new Uint32Array(1), resume);
  const withSid = listRows(24, call(2), (row) => ({
    sid: formatSid(row.readBigUInt64LE(0)),
    name: copyWideText(row.readBigUInt64LE(16), 512) ?? "",
  }));
  if (withSid === undefined || withSid.length > 0) return withSid?.map(named);
  const namesOnly = listRows(8, call(3), (row) => copyWideText(row.readBigUInt64LE(0), 512) ?? "");
  return namesOnly?.map((member) => ({ sid: findAccountSid(member), name: member }));
}

/** An account of another host or domain may have no name that this host can find. */
function named({ sid, name }: { sid: string | undefined; name: string }): {
  sid: string | undefined;
  name: string;
} {
  return { sid, name: name || sid || "unknown" };
}

/** The SID of this host, which is the start of the SIDs of its accounts. */
function readMachineSid(): string | undefined {
  return withModals(2, (modals) => formatSid(modals.readBigUInt64LE(8)), 16);
}

/** Undefined if Windows does not return it. */
export function readPasswordPolicy(): PasswordPolicy | undefined {
  const days = (seconds: number) => Math.floor(seconds / 86_400);
  const password = withModals(
    0,
    (modals) => ({
      minimumLength: modals.readUInt32LE(0),
      maximumAgeDays: modals.readUInt32LE(4) === NEVER ? undefined : days(modals.readUInt32LE(4)),
      minimumAgeDays: days(modals.readUInt32LE(8)),
      rememberedPasswords: modals.readUInt32LE(16),
    }),
    20,
  );
  const lockout = withModals(3, (modals) => [0, 4, 8].map((at) => modals.readUInt32LE(at)), 12);
  const minutes = (seconds: number | undefined) =>
    seconds === undefined || seconds === NEVER ? undefined : Math.floor(seconds / 60);
  return (
    password && {
      ...password,
      lockoutThreshold: lockout?.[2],
      lockoutMinutes: minutes(lockout?.[0]),
      lockoutWindowMinutes: minutes(lockout?.[1]),
    }
  );
}

function withModals<T>(level: number, parse: (modals: Buffer) => T, bytes: number): T | undefined {
  const buffer = new BigUint64Array(1);
  if (netapi().NetUserModalsGet(null, level, buffer) !== 0 || buffer[0] === 0n) return undefined;
  try {
    return parse(copyMemory(buffer[0]!, bytes));
  } finally {
    netapi().NetApiBufferFree(buffer[0]!);
  }
}

/** NETSETUP_JOIN_STATUS: 2 workgroup, 3 domain. */
export function readJoin(): Join | undefined {
  const [name, status] = [new BigUint64Array(1), new Uint32Array(1)];
  if (netapi().NetGetJoinInformation(null, name, status) !== 0) return undefined;
  try {
    const text = copyWideText(name[0]!, 256) ?? "";
    return status[0] === 3 || status[0] === 2
      ? { kind: status[0] === 3 ? "domain" : "workgroup", name: text }
      : undefined;
  } finally {
    if (name[0] !== 0n) netapi().NetApiBufferFree(name[0]!);
  }
}
