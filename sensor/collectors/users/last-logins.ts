// The last sign-in of each account: the records of login(1), sshd(8) and PAM in lastlog, wtmp and the
// databases that replace them. Some hosts have only one of them, so that the newest record counts.
import type { HostFiles } from "../host-files.ts";
import { readArchitecture } from "../system/cpu.ts";
import { readLoginDatabases } from "./login-databases.ts";

export interface LastLogin {
  seconds: number;
  /** The remote host, or the terminal. */
  from: string;
}

const LASTLOG = "/var/log/lastlog";
const WTMP = "/var/log/wtmp";
/** The end of the file. Older records are of sign-ins long ago. */
const MAX_WTMP_BYTES = 16 * 1024 * 1024;
const WTMP_PART_BYTES = 1024 * 1024;
const USER_PROCESS = 7;
/** Times in these files have 32 bits on the other architectures, without a sign: until the year 2106. */
const LAYOUTS = {
  amd64: {
    lastlog: { bytes: 292, time: 4 },
    utmp: { bytes: 384, time: 340, timeBytes: 4 },
  },
  arm64: {
    lastlog: { bytes: 296, time: 8 },
    utmp: { bytes: 400, time: 344, timeBytes: 8 },
  },
};
const LINE_BYTES = 32;
const HOST_BYTES = 256;
const UTMP_LINE = 8;
const UTMP_USER = 44;
const UTMP_HOST = 76;

/** Finds the last sign-in of an account. */
export type FindLastLogin = (user: { name: string; uid: number }) => LastLogin | undefined;

export function openLastLogins(files: HostFiles): { find: FindLastLogin } & Disposable {
  const layout = readArchitecture(files) === "arm64" ? LAYOUTS.arm64 : LAYOUTS.amd64;
  const found = readWtmp(files, layout.utmp);
  readLoginDatabases(files, (name, login) => {
    found.set(name, newer(found.get(name), login) ?? login);
  });
  const lastlog = openOrNote(files, LASTLOG);
  return {
    find({ name, uid }) {
      const recorded = lastlog && readLastlog(lastlog, uid, layout.lastlog);
      return newer(found.get(name), recorded);
    },
    [Symbol.dispose]: () => lastlog?.[Symbol.dispose](),
  };
}

function newer(left: LastLogin | undefined, right: LastLogin | undefined): LastLogin | undefined {
  if (left === undefined || right === undefined) return left ?? right;
  return right.seconds > left.seconds ? right : left;
}

function openOrNote(files: HostFiles, path: string) {
  try {
    return files.open(path);
  } catch {
    // Reading it once more notes the reason as a gap.
    files.findBytes(path, 1);
    return undefined;
  }
}

/** The file has a record for each user id. It is sparse: an id may be beyond its end. */
function readLastlog(
  file: NonNullable<ReturnType<HostFiles["open"]>>,
  uid: number,
  { bytes, time }: { bytes: number; time: number },
): LastLogin | undefined {
  if ((uid + 1) * bytes > file.sizeBytes) return undefined;
  const record = Buffer.from(file.readAt(uid * bytes, bytes));
  if (record.length < bytes) return undefined;
  const seconds = secondsAt(record, 0, time);
  if (seconds === undefined) return undefined;
  const line = textAt(record, time, LINE_BYTES);
  return { seconds, from: textAt(record, time + LINE_BYTES, HOST_BYTES) || line };
}

function readWtmp(
  files: HostFiles,
  { bytes, time, timeBytes }: { bytes: number; time: number; timeBytes: number },
): Map<string, LastLogin> {
  const found = new Map<string, LastLogin>();
  using file = openOrNote(files, WTMP);
  if (file === undefined) return found;
  const records = Math.floor(file.sizeBytes / bytes);
  const perPart = Math.floor(WTMP_PART_BYTES / bytes);
  const first = Math.max(0, records - Math.floor(MAX_WTMP_BYTES / bytes));
  for (let start = first; start < records; start += perPart) {
    const part = Buffer.from(file.readAt(start * bytes, Math.min(perPart, records - start) * bytes));
    for (let at = 0; at + bytes <= part.length; at += bytes) {
      if (part.readInt16LE(at) !== USER_PROCESS) continue;
      const seconds = secondsAt(part, at + time, timeBytes);
      const name = textAt(part, at + UTMP_USER, LINE_BYTES);
      if (seconds === undefined || name === "") continue;
      const from = textAt(part, at + UTMP_HOST, HOST_BYTES) || textAt(part, at + UTMP_LINE, LINE_BYTES);
      const known = newer(found.get(name), { seconds, from });
      if (known) found.set(name, known);
    }
  }
  return found;
}

/** Undefined for 0, which is no time, and for what is no time of a computer. */
function secondsAt(record: Buffer, at: number, bytes: number): number | undefined {
  const seconds = bytes === 8 ? Number(record.readBigInt64LE(at)) : record.readUInt32LE(at);
  return seconds > 0 && seconds <= 0xffff_ffff ? seconds : undefined;
}

function textAt(record: Buffer, at: number, length: number): string {
  const end = record.indexOf(0, at);
  return record.toString("utf8", at, end < 0 ? at + length : Math.min(end, at + length));
}
