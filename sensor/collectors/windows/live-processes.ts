// The program and the account of a process.
import { win32 } from "node:path";
import { openLibrary, parseWideText } from "../../windows-library.ts";
import { findAccountName, formatSid } from "./live-sids.ts";
import type { SocketProcess } from "./sockets.ts";

const kernel = openLibrary("kernel32.dll", {
  OpenProcess: { args: ["u32", "i32", "u32"], returns: "u64" },
  CloseHandle: { args: ["u64"], returns: "i32" },
  QueryFullProcessImageNameW: { args: ["u64", "u32", "ptr", "ptr"], returns: "i32" },
  CreateToolhelp32Snapshot: { args: ["u32", "u32"], returns: "u64" },
  Process32FirstW: { args: ["u64", "ptr"], returns: "i32" },
  Process32NextW: { args: ["u64", "ptr"], returns: "i32" },
});
const advapi = openLibrary("advapi32.dll", {
  OpenProcessToken: { args: ["u64", "u32", "ptr"], returns: "i32" },
  GetTokenInformation: { args: ["u64", "u32", "ptr", "u32", "ptr"], returns: "i32" },
});

const QUERY_LIMITED = 0x1000;
const TOKEN_QUERY = 8;
const TOKEN_USER = 1;
const SNAPSHOT_PROCESSES = 2;
const INVALID_HANDLE = 0xffff_ffff_ffff_ffffn;
/** PROCESSENTRY32W: its length, the id at 8, the name of the program at 44. */
const ENTRY_BYTES = 568;
const MAX_PROCESSES = 100_000;
const MAX_PATH = 32_768;
/** The kernel has no file. */
const SYSTEM_PROCESS = 4;
/** `find` returns undefined for a process that does not exist any more. */
export function openProcesses(): { find(pid: number): SocketProcess | undefined } {
  let names: Map<number, string> | undefined;
  const accounts = new Map<string, string | undefined>();
  return {
    find(pid) {
      names ??= readProcessNames();
      if (pid === SYSTEM_PROCESS) return { name: "System", user: "SYSTEM" };
      const handle = kernel().OpenProcess(QUERY_LIMITED, 0, pid);
      // Without the right to open it, its name is known.
      if (handle === 0n) return names.has(pid) ? { name: names.get(pid)! } : undefined;
      try {
        const executable = readExecutable(handle);
        const name = names.get(pid) ?? (executable && win32.basename(executable));
        const sid = readUser(handle);
        if (sid !== undefined && !accounts.has(sid)) accounts.set(sid, findAccountName(sid));
        return name === undefined ? undefined : { name, executable, user: sid && (accounts.get(sid) ?? sid) };
      } finally {
        kernel().CloseHandle(handle);
      }
    },
  };
}

function readProcessNames(): Map<number, string> {
  const names = new Map<number, string>();
  const snapshot = kernel().CreateToolhelp32Snapshot(SNAPSHOT_PROCESSES, 0);
  if (snapshot === INVALID_HANDLE) return names;
  try {
    const entry = Buffer.alloc(ENTRY_BYTES);
    entry.writeUInt32LE(ENTRY_BYTES, 0);
    let more = kernel().Process32FirstW(snapshot, entry);
    while (more !== 0 && names.size < MAX_PROCESSES) {
      names.set(entry.readUInt32LE(8), parseWideText(entry.subarray(44, 44 + 520)));
      more = kernel().Process32NextW(snapshot, entry);
    }
    return names;
  } finally {
    kernel().CloseHandle(snapshot);
  }
}

function readExecutable(handle: bigint): string | undefined {
  const path = Buffer.alloc(MAX_PATH * 2);
  const length = new Uint32Array([MAX_PATH]);
  if (kernel().QueryFullProcessImageNameW(handle, 0, path, length) === 0) return undefined;
  return parseWideText(path.subarray(0, length[0]! * 2));
}

/** The SID of the account that a process runs as. */
function readUser(handle: bigint): string | undefined {
  const token = new BigUint64Array(1);
  if (advapi().OpenProcessToken(handle, TOKEN_QUERY, token) === 0) return undefined;
  try {
    const user = Buffer.alloc(256);
    const length = new Uint32Array(1);
    const isRead = advapi().GetTokenInformation(token[0]!, TOKEN_USER, user, user.length, length);
    // The structure starts with a pointer to the SID, which follows it.
    return isRead === 0 ? undefined : formatSid(user.readBigUInt64LE(0));
  } finally {
    kernel().CloseHandle(token[0]!);
  }
}
