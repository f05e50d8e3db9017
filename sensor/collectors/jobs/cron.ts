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

export function readCronJobs(files: HostFiles): Job[] {
  return [...systemCrontabs(files), ...userCrontabs(files), ...scripts(files), ...anacrontab(files)];
}

function systemCrontabs(files: HostFiles): Job[] {
  const folder = "/etc/cron.d";
  const paths = ["/etc/crontab", ...files.list(folder).flatMap((name) => takenBy(files, folder, name))];
  return paths.flatMap((source) =>
    parseCrontab(files.findText(source) ?? "", { hasUser: true }).map((line) =>
      cronJob(line, source, line.user),
    ),
  );
}

function userCrontabs(files: HostFiles): Job[] {
  const seen = new Set<string>();
  return USER_FOLDERS.flatMap((folder) => {
    // Alpine links one to the other.
    const real = files.findRealPath(folder);
    if (real === undefined || seen.has(real)) return [];
    seen.add(real);
    return files
      .listEntries(folder)
      .filter(({ name, kind }) => kind === "file" && !LEFT_OVER.test(name))
      .flatMap(({ name }) => {
        const source = posix.join(folder, name);
        return parseCrontab(files.findText(source) ?? "", { hasUser: false }).map((line) =>
          cronJob(line, source, name),
        );
      });
  });
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
function scripts(files: HostFiles): Job[] {
  return SCRIPT_FOLDERS.flatMap(({ path: folder, when }) =>
    files.list(folder).flatMap((name) =>
      takenBy(files, folder, name).flatMap((path): Job[] => {
        const stat = files.findStat(path);
        if (stat?.kind !== "file" || (stat.mode & ANY_EXECUTE) === 0) return [];
        return [
          {
            kind: "cron",
            name: factText(name, 300),
            schedule: [when],
            user: "root",
            program: factText(path, 1_000),
            source: folder,
          },
        ];
      }),
    ),
  );
}

function takenBy(files: HostFiles, folder: string, name: string): string[] {
  const isTaken = files.exists("/etc/debian_version") ? DEBIAN_NAME.test(name) : !LEFT_OVER.test(name);
  return isTaken ? [posix.join(folder, name)] : [];
}

function anacrontab(files: HostFiles): Job[] {
  const source = "/etc/anacrontab";
  return parseAnacrontab(files.findText(source) ?? "").map(
    ({ schedule, name, program }): Job => ({
      kind: "anacron",
      name: factText(name, 300),
      schedule: [factText(schedule, 300)],
      user: "root",
      program: optionalFact(program, 1_000),
      source,
    }),
  );
}
