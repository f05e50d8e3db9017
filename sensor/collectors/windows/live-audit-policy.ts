// The audit policy that is in force, by advapi32. It has numbers, where auditpol.exe has words of the
// system's language. Windows shows it to processes with the privilege of the security log only.
import { copyMemory, openLibrary, wideText } from "../../windows-library.ts";
import { AUDIT_SUBCATEGORIES, encodeGuid } from "./audit-policy.ts";

const advapi = openLibrary("advapi32.dll", {
  AuditQuerySystemPolicy: { args: ["ptr", "u32", "ptr"], returns: "u8" },
  AuditFree: { args: ["u64"], returns: "void" },
  OpenProcessToken: { args: ["u64", "u32", "ptr"], returns: "i32" },
  LookupPrivilegeValueW: { args: ["ptr", "ptr", "ptr"], returns: "i32" },
  AdjustTokenPrivileges: { args: ["u64", "i32", "ptr", "u32", "ptr", "ptr"], returns: "i32" },
});
const kernel = openLibrary("kernel32.dll", {
  CloseHandle: { args: ["u64"], returns: "i32" },
  GetLastError: { args: [], returns: "u32" },
});

const THIS_PROCESS = 0xffff_ffff_ffff_ffffn;
const ADJUST_PRIVILEGES = 0x20;
const ENABLED = 2;
/** A GUID, the number, and the GUID of the category. */
const ENTRY_BYTES = 36;

/** By the GUID of the subcategory in lower case: 1 success, 2 failure, 3 both. Throws with the reason. */
export function readAuditPolicy(): Map<string, number> {
  enablePrivilege("SeSecurityPrivilege");
  const guids = Object.keys(AUDIT_SUBCATEGORIES);
  const found = new BigUint64Array(1);
  const isRead = advapi().AuditQuerySystemPolicy(Buffer.concat(guids.map(encodeGuid)), guids.length, found);
  if (isRead === 0 || found[0] === 0n)
    throw new Error(`Windows does not return it: error ${kernel().GetLastError()}`);
  try {
    const entries = copyMemory(found[0]!, guids.length * ENTRY_BYTES);
    return new Map(guids.map((guid, index) => [guid, entries.readUInt32LE(index * ENTRY_BYTES + 16)]));
  } finally {
    advapi().AuditFree(found[0]!);
  }
}

/** For this process only. It has the privilege if its user is an administrator, but switched off. */
function enablePrivilege(name: string): void {
  const token = new BigUint64Array(1);
  if (advapi().OpenProcessToken(THIS_PROCESS, ADJUST_PRIVILEGES, token) === 0) return;
  try {
    // TOKEN_PRIVILEGES: their number, then the id and the state of each.
    const privileges = Buffer.alloc(16);
    privileges.writeUInt32LE(1, 0);
    privileges.writeUInt32LE(ENABLED, 12);
    if (advapi().LookupPrivilegeValueW(null, wideText(name), privileges.subarray(4)) !== 0)
      advapi().AdjustTokenPrivileges(token[0]!, 0, privileges, 0, null, null);
  } finally {
    kernel().CloseHandle(token[0]!);
  }
}
