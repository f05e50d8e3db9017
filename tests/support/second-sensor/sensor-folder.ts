// The files of the second sensor: its keys, its identity, and its spool.
import { randomBytes } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Category, CategoryName } from "./inventory-chunks.ts";

/** Seeds are 32 bytes in base64url. */
export interface Identity {
  seed: string;
  /** The next key, announced or about to be. */
  nextSeed?: string;
  /** The key for a separate sensor, if this host is a clone. */
  ownSeed?: string;
  /** The key for a re-enrollment ticket. */
  ticketSeed?: string;
  sensorId?: string;
  serverKey?: string;
}

export type Reported =
  | ({ status: "collected" } & Category)
  | { status: "failed" | "too-slow" | "not-permitted" | "absent"; reason: string }
  | { status: "unsupported" | "switched-off" };

export interface Report {
  collectedAt: string;
  inventory: Partial<Record<CategoryName, Reported>>;
}

export interface SpooledReport {
  file: string;
  /** The instance that collected it. */
  instance: string;
  report: Report;
}

const MAX_KEPT = 100;

export const newSeed = (): string => randomBytes(32).toString("base64url");

/** Creates the folder and a key in it if there is none. */
export function openFolder(folder: string): Identity {
  mkdirSync(join(folder, "kept"), { recursive: true });
  if (!readdirSync(folder).includes("identity.json")) {
    writeIdentity(folder, { seed: newSeed() });
  }
  return JSON.parse(readFileSync(join(folder, "identity.json"), "utf8")) as Identity;
}

export function writeIdentity(folder: string, identity: Identity): void {
  writeDurably(folder, "identity.json", JSON.stringify(identity));
}

export function listKept(folder: string): SpooledReport[] {
  const files = readdirSync(join(folder, "kept")).filter((name) => name.endsWith(".json"));
  return files.sort().map((file) => ({
    file,
    ...(JSON.parse(readFileSync(join(folder, "kept", file), "utf8")) as Omit<SpooledReport, "file">),
  }));
}

export function keepReport(folder: string, instance: string, report: Report): void {
  const files = listKept(folder).map((kept) => kept.file);
  const number = Number.parseInt(files.at(-1) ?? "0", 10) + 1;
  writeDurably(
    join(folder, "kept"),
    `${String(number).padStart(12, "0")}.json`,
    JSON.stringify({ instance, report }),
  );
  for (const file of files.slice(0, Math.max(0, files.length + 1 - MAX_KEPT))) {
    forgetReport(folder, file);
  }
}

export function forgetReport(folder: string, file: string): void {
  rmSync(join(folder, "kept", file));
}

function writeDurably(folder: string, name: string, content: string): void {
  const temporary = join(folder, `${name}.new`);
  const file = openSync(temporary, "w", 0o600);
  try {
    writeFileSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, join(folder, name));
  const directory = openSync(folder, "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
