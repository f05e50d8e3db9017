// Asks the service control manager which services run. It changes nothing.
import { copyWideText, openLibrary } from "../../windows-library.ts";
import type { ServiceStatus } from "./services.ts";

const advapi = openLibrary("advapi32.dll", {
  OpenSCManagerW: { args: ["ptr", "ptr", "u32"], returns: "u64" },
  CloseServiceHandle: { args: ["u64"], returns: "i32" },
  EnumServicesStatusExW: {
    args: ["u64", "u32", "u32", "u32", "ptr", "u32", "ptr", "ptr", "ptr", "ptr"],
    returns: "i32",
  },
});

const ENUMERATE = 4;
const PROCESS_INFO = 0;
const PROGRAMS = 0x30;
const ANY_STATE = 3;
/** Two pointers, then SERVICE_STATUS_PROCESS of nine numbers, aligned. */
const ENTRY_BYTES = 56;
const MAX_BYTES = 256 * 1024;
const MAX_CALLS = 1_000;

/** By name in lower case; undefined if the manager does not reply. */
export function readServiceStatuses(): Map<string, ServiceStatus> | undefined {
  const api = advapi();
  const manager = api.OpenSCManagerW(null, null, ENUMERATE);
  if (manager === 0n) return undefined;
  try {
    const statuses = new Map<string, ServiceStatus>();
    const buffer = Buffer.alloc(MAX_BYTES);
    const [needed, count, resume] = [new Uint32Array(1), new Uint32Array(1), new Uint32Array(1)];
    for (let calls = 0; calls < MAX_CALLS; calls += 1) {
      const done = api.EnumServicesStatusExW(
        manager,
        PROCESS_INFO,
        PROGRAMS,
        ANY_STATE,
        buffer,
        buffer.length,
        needed,
        count,
        resume,
        null,
      );
      for (let index = 0; index < count[0]!; index += 1)
        addStatus(statuses, buffer.subarray(index * ENTRY_BYTES, (index + 1) * ENTRY_BYTES));
      // With more services than room, it sets where to go on.
      if (done !== 0 || count[0] === 0) break;
    }
    return statuses.size > 0 ? statuses : undefined;
  } finally {
    api.CloseServiceHandle(manager);
  }
}

function addStatus(statuses: Map<string, ServiceStatus>, entry: Buffer): void {
  const name = copyWideText(entry.readBigUInt64LE(0), 256);
  if (!name) return;
  statuses.set(name.toLowerCase(), {
    displayName: copyWideText(entry.readBigUInt64LE(8), 256) ?? "",
    state: entry.readUInt32LE(20),
    exitCode: entry.readUInt32LE(28),
  });
}
