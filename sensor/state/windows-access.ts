// Reads and sets the access lists of files and folders under Windows. A folder is created with its list, so
// that there is no moment in which another user could read it.
import { ptr } from "bun:ffi";
import { copyWideText, openLibrary, wideText } from "../windows-library.ts";
import { type AccessList, parseAccessList, protectedAccess } from "./access-list.ts";

const advapi = openLibrary("advapi32.dll", {
  ConvertStringSecurityDescriptorToSecurityDescriptorW: {
    args: ["ptr", "u32", "ptr", "ptr"],
    returns: "i32",
  },
  ConvertSecurityDescriptorToStringSecurityDescriptorW: {
    args: ["u64", "u32", "u32", "ptr", "ptr"],
    returns: "i32",
  },
  GetFileSecurityW: { args: ["ptr", "u32", "ptr", "u32", "ptr"], returns: "i32" },
  SetFileSecurityW: { args: ["ptr", "u32", "u64"], returns: "i32" },
  OpenProcessToken: { args: ["u64", "u32", "ptr"], returns: "i32" },
  GetTokenInformation: { args: ["u64", "u32", "ptr", "u32", "ptr"], returns: "i32" },
  CreateWellKnownSid: { args: ["u32", "ptr", "ptr", "ptr"], returns: "i32" },
  CheckTokenMembership: { args: ["u64", "ptr", "ptr"], returns: "i32" },
  ConvertSidToStringSidW: { args: ["u64", "ptr"], returns: "i32" },
});
const kernel = openLibrary("kernel32.dll", {
  CreateDirectoryW: { args: ["ptr", "ptr"], returns: "i32" },
  CloseHandle: { args: ["u64"], returns: "i32" },
  GetLastError: { args: [], returns: "u32" },
  LocalFree: { args: ["u64"], returns: "u64" },
});

const SDDL_REVISION = 1;
const OWNER = 1;
const DACL = 4;
const PROTECTED_DACL = 0x8000_0000;
const TOKEN_QUERY = 8;
const TOKEN_USER = 1;
const BUILTIN_ADMINISTRATORS = 26;
const THIS_PROCESS = 0xffff_ffff_ffff_ffffn;
const MAX_DESCRIPTOR_BYTES = 64 * 1024;
const ERROR_ALREADY_EXISTS = 183;

/** Errors of Windows that have a name in the rest of the program. 1307: the file cannot have that owner. */
const CODES: Record<number, string> = {
  2: "ENOENT",
  3: "ENOENT",
  5: "EACCES",
  19: "EROFS",
  112: "ENOSPC",
  1307: "EPERM",
  1314: "EPERM",
};

/** A call of Windows that failed. */
class WindowsError extends Error {
  readonly code: string | undefined;

  constructor(call: string) {
    const error = kernel().GetLastError();
    super(`${call} failed with error ${error}`);
    this.code = CODES[error];
  }
}

/** Creates a folder that only SYSTEM, Administrators and this user can use. Keeps an existing one. */
export function createProtectedFolder(path: string): void {
  using descriptor = openDescriptor(protectedAccess("folder", findUnelevatedUser()));
  // SECURITY_ATTRIBUTES: its length, the descriptor, and whether handles are inherited.
  const attributes = Buffer.alloc(24);
  attributes.writeUInt32LE(attributes.length, 0);
  attributes.writeBigUInt64LE(descriptor.address, 8);
  if (kernel().CreateDirectoryW(wideText(path), attributes) !== 0) return;
  if (kernel().GetLastError() !== ERROR_ALREADY_EXISTS) throw new WindowsError("CreateDirectoryW");
}

/** Replaces the access list, and the owner if this process is elevated. */
export function protectPath(path: string, kind: "folder" | "file"): void {
  const user = findUnelevatedUser();
  using descriptor = openDescriptor(protectedAccess(kind, user));
  const parts = (DACL | PROTECTED_DACL | (user === undefined ? OWNER : 0)) >>> 0;
  if (advapi().SetFileSecurityW(wideText(path), parts, descriptor.address) === 0)
    throw new WindowsError("SetFileSecurityW");
}

/** Throws an error with a code such as EACCES. */
export function readAccessList(path: string): AccessList {
  const descriptor = Buffer.alloc(MAX_DESCRIPTOR_BYTES);
  const needed = new Uint32Array(1);
  const read = advapi().GetFileSecurityW(wideText(path), OWNER | DACL, descriptor, descriptor.length, needed);
  if (read === 0) throw new WindowsError("GetFileSecurityW");
  return parseAccessList(formatDescriptor(BigInt(ptr(descriptor))));
}

/**
 * The SID of the user of this process, as access lists show it. `isElevated`: the process acts as an
 * administrator, so that the user itself needs no access.
 */
export function currentUser(): WindowsUser {
  known ??= readCurrentUser();
  return known;
}

interface WindowsUser {
  sid: string;
  isElevated: boolean;
}
let known: WindowsUser | undefined;

function readCurrentUser(): WindowsUser {
  const sid = Buffer.alloc(68);
  const size = new Uint32Array([sid.length]);
  const isMember = new Int32Array(1);
  const asked =
    advapi().CreateWellKnownSid(BUILTIN_ADMINISTRATORS, null, sid, size) !== 0 &&
    advapi().CheckTokenMembership(0n, sid, isMember) !== 0;
  if (!asked) throw new WindowsError("CheckTokenMembership");
  return { sid: findUser(), isElevated: isMember[0] !== 0 };
}

function findUnelevatedUser(): string | undefined {
  const { sid, isElevated } = currentUser();
  return isElevated ? undefined : sid;
}

/** SYSTEM is S-1-5-18, which access lists show as SY. */
function findUser(): string {
  const token = new BigUint64Array(1);
  if (advapi().OpenProcessToken(THIS_PROCESS, TOKEN_QUERY, token) === 0)
    throw new WindowsError("OpenProcessToken");
  try {
    const user = Buffer.alloc(256);
    const text = new BigUint64Array(1);
    const read =
      advapi().GetTokenInformation(token[0]!, TOKEN_USER, user, user.length, new Uint32Array(1)) !== 0 &&
      // The structure starts with a pointer to the SID, which follows it.
      advapi().ConvertSidToStringSidW(user.readBigUInt64LE(0), text) !== 0;
    if (!read) throw new WindowsError("GetTokenInformation");
    // Access lists show some SIDs as two letters.
    using descriptor = openDescriptor(`O:${takeText(text[0]!)}`);
    return parseAccessList(formatDescriptor(descriptor.address)).owner ?? "";
  } finally {
    kernel().CloseHandle(token[0]!);
  }
}

/** The caller disposes it. */
function openDescriptor(sddl: string): Disposable & { address: bigint } {
  const found = new BigUint64Array(1);
  const convert = advapi().ConvertStringSecurityDescriptorToSecurityDescriptorW;
  if (convert(wideText(sddl), SDDL_REVISION, found, null) === 0)
    throw new WindowsError("ConvertStringSecurityDescriptor");
  const address = found[0]!;
  return {
    address,
    [Symbol.dispose]: () => {
      kernel().LocalFree(address);
    },
  };
}

function formatDescriptor(address: bigint): string {
  const text = new BigUint64Array(1);
  const convert = advapi().ConvertSecurityDescriptorToStringSecurityDescriptorW;
  if (convert(address, SDDL_REVISION, OWNER | DACL, text, null) === 0)
    throw new WindowsError("ConvertSecurityDescriptorToString");
  return takeText(text[0]!);
}

/** Copies a text that Windows has allocated, and frees it. */
function takeText(address: bigint): string {
  const text = copyWideText(address) ?? "";
  kernel().LocalFree(address);
  return text;
}
