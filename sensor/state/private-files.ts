// Files and folders that only the user of the sensor can use: mode 0600 and 0700, and on Windows a protected
// access list. There, a folder of ProgramData would otherwise inherit the right of every user to read it.
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { errnoCode } from "@attacklens/protocol/errno-code.ts";
import { SensorError } from "../sensor-error.ts";
import { systemReason } from "../system-reason.ts";
import { findOtherAccounts, TRUSTED_OWNERS, TRUSTED_READERS } from "./access-list.ts";
import { createProtectedFolder, currentUser, protectPath, readAccessList } from "./windows-access.ts";

const IS_WINDOWS = process.platform === "win32";
/** The folder of the product above the state folder. */
const PRODUCT = "AttackLens";
const MAX_ENTRIES = 100_000;

/**
 * Creates the folder and the missing ones above it. Throws the system's error, and SensorError if the file
 * system cannot keep other users out.
 */
export function makePrivateFolder(path: string): void {
  if (!IS_WINDOWS) {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return;
  }
  for (const folder of missingFolders(resolve(path))) {
    createProtectedFolder(folder);
    requirePrivate(folder);
  }
}

/** Keeps other users out of a new file before it has content. The other systems create it that way. */
export function makePrivateFile(path: string): void {
  if (!IS_WINDOWS) return;
  protectPath(path, "file");
  requirePrivate(path);
}

/** Whether another user may use the file. Under Windows only: elsewhere, its mode says so. */
export function isOpenToOthers(path: string): boolean {
  return existsSync(path) && findOtherAccounts(readAccessList(path), TRUSTED_READERS).some(isNotUser);
}

/**
 * Keeps other users out of an existing state folder and of everything in it, except `spared`. Throws
 * SensorError if one of them owns part of it: they could have put anything there.
 */
export function protectStateFolder(stateDir: string, spared: string): void {
  const folder = resolve(stateDir);
  const above = dirname(folder);
  const ours = basename(above) === PRODUCT ? [above, folder] : [folder];
  try {
    const existing = ours.filter((path) => existsSync(path));
    for (const path of existing) refuseForeignOwner(stateDir, path);
    for (const path of existing) protectExisting(path, "folder");
    if (existing.includes(folder)) protectEntries(stateDir, folder, spared);
  } catch (error) {
    // Without elevation, a user cannot read the state of the service. The command that needs it says so.
    if (errnoCode(error) === "EACCES") return;
    if (error instanceof SensorError) throw error;
    throw cannotProtect(folder, systemReason(error));
  }
}

function protectEntries(stateDir: string, folder: string, spared: string): void {
  const pending = [folder];
  let count = 0;
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    for (const entry of readdirSync(next, { withFileTypes: true })) {
      const path = join(next, entry.name);
      if (++count > MAX_ENTRIES) throw cannotProtect(folder, `it has more than ${MAX_ENTRIES} files`);
      // A link leads elsewhere, and another process may have removed the file meanwhile.
      if (entry.isSymbolicLink() || !existsSync(path)) continue;
      refuseForeignOwner(stateDir, path);
      if (path !== spared) protectExisting(path, entry.isDirectory() ? "folder" : "file");
      if (entry.isDirectory()) pending.push(path);
    }
  }
}

function protectExisting(path: string, kind: "folder" | "file"): void {
  const list = readAccessList(path);
  if (list.isProtected && findOtherAccounts(list, TRUSTED_READERS).length === 0) return;
  protectPath(path, kind);
  requirePrivate(path);
}

/** Throws SensorError. Some file systems, such as FAT, have no access lists. */
function requirePrivate(path: string): void {
  const others = findOtherAccounts(readAccessList(path), TRUSTED_READERS).filter(isNotUser);
  if (others.length > 0)
    throw cannotProtect(path, `its file system still gives access to ${others.map(nameOf).join(", ")}`);
}

function isNotUser(account: string): boolean {
  return account !== currentUser().sid;
}

function refuseForeignOwner(stateDir: string, path: string): void {
  const { owner = "nobody" } = readAccessList(path);
  if ([...TRUSTED_OWNERS, currentUser().sid].includes(owner)) return;
  throw new SensorError(
    "identity",
    `Cannot use the state folder ${stateDir}: ${path} belongs to user ${owner}, who could replace the sensor's identity. Nothing was changed`,
    `remove it, or run icacls "${path}" /setowner *S-1-5-32-544 /T in an elevated PowerShell, or choose another folder with --state`,
  );
}

function cannotProtect(path: string, reason: string): SensorError {
  return new SensorError(
    "identity",
    `Cannot keep other users out of ${path}: ${reason}`,
    "choose a folder on an NTFS disk with --state, and run the command in an elevated PowerShell",
  );
}

function nameOf(account: string): string {
  return { WD: "everyone", BU: "all users", AU: "all users" }[account] ?? account;
}

/** From the uppermost one. */
function missingFolders(path: string): string[] {
  const missing: string[] = [];
  for (let current = path; !existsSync(current) && dirname(current) !== current; current = dirname(current))
    missing.unshift(current);
  return missing;
}
