// The jobs of cron and anacron: crontabs of the system and of users, and the folders of scripts.
import { posix } from "node:path";
import { factText, optionalFact } from "../collector.ts";
import type { HostFiles } from "../host-files.ts";
import { parseAnacrontab, parseCrontab } from "./crontab.ts";
import type { Job } from "./job.ts";

/** Debian, SUSE, Red Hat, Alpine and macOS. */
const USER_FOLDERS = [
  "/var/spool/cron/crontabs",
  "/var/spool/cron/tabs",
  "/var/spool/cron",
  "/etc/crontabs",
  "/private/var/at/tabs",
];
const SCRIPT_FOLDERS = [
  ...["hourly", "daily", "weekly", "monthly", "yearly"].map((when) => ({ path: `/etc/cron.${when}`, when })),
  ...["15min", "hourly", "daily", "weekly", "monthly"].map((when) => ({
    path: `/etc/periodic/${when}`,
    when,
  })),
];
/** Left by editors and package managers: every cron ignores them. */
const LEFT_OVER = /^[.#]|~$|\.(?:rpmsave|rpmorig|rpmnew|swp|cfsaved)$|\.dpkg-[a-z]+$/;
/** The only names that Debian's cron and run-parts take. */
const DEBIAN_NAME = /^[A-Za-z0-9_-]+$/;
const ANY_EXECUTE = 0o111;

export function* readCronJobs(files: HostFiles): Generator<Job> {
  yield* systemCrontabs(files);
  yield* userCrontabs(files);
  yield* scripts(files);
  yield* anacrontab(files);
}

function* systemCrontabs(files: HostFiles): Generator<Job> {
  const folder = "/etc/cron.d";
  yield* jobsIn(files, "/etc/crontab");
  const isTaken = openNames(files);
  for (const name of files.list(folder)) if (isTaken(name)) yield* jobsIn(files, posix.join(folder, name));
}

/** `user`: whose crontab it is. Undefined: the lines name it. */
function* jobsIn(files: HostFiles, source: string, user?: string): Generator<Job> {
  for (const line of parseCrontab(files.findText(source) ?? "", { hasUser: user === undefined }))
    yield cronJob(line, source, user ?? line.user);
}

function* userCrontabs(files: HostFiles): Generator<Job> {
  const seen = new Set<string>();
  for (const folder of USER_FOLDERS) {
    // Alpine links one to the other.
    const real = files.findRealPath(folder);
    if (real === undefined || seen.has(real)) continue;
    seen.add(real);
    for (const { name, kind } of files.listEntries(folder))
      if (kind === "file" && !LEFT_OVER.test(name)) yield* jobsIn(files, posix.join(folder, name), name);
  }
}

function cronJob(
  { schedule, program }: { schedule: string; program: string | undefined },
  source: string,
  user: string | undefined,
): Job {
  return {
    kind: "cron",
    name: factText((program && posix.basename(program)) || "command", 300),
    schedule: [factText(schedule, 300)],
    user: optionalFact(user, 250),
    program: optionalFact(program, 1_000),
    source: factText(source, 1_000),
  };
}

/** Executable files in the folders whose content a line of a crontab runs. */
function* scripts(files: HostFiles): Generator<Job> {
  const isTaken = openNames(files);
  for (const { path: folder, when } of SCRIPT_FOLDERS)
    for (const name of files.list(folder)) {
      if (!isTaken(name)) continue;
      const path = posix.join(folder, name);
      const stat = files.findStat(path);
      if (stat?.kind !== "file" || (stat.mode & ANY_EXECUTE) === 0) continue;
      yield {
        kind: "cron",
        name: factText(name, 300),
        schedule: [when],
        user: "root",
        program: factText(path, 1_000),
        source: folder,
      };
    }
}

/** Whether cron takes a file with that name. */
function openNames(files: HostFiles): (name: string) => boolean {
  return files.exists("/etc/debian_version")
    ? (name) => DEBIAN_NAME.test(name)
    : (name) => !LEFT_OVER.test(name);
}

function* anacrontab(files: HostFiles): Generator<Job> {
  const source = "/etc/anacrontab";
  for (const { schedule, name, program } of parseAnacrontab(files.findText(source) ?? ""))
    yield {
      kind: "anacron",
      name: factText(name, 300),
      schedule: [factText(schedule, 300)],
      user: "root",
      program: optionalFact(program, 1_000),
      source,
    };
}
