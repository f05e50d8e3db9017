// The jobs of launchd (launchd.plist(5)): a property list for each, in folders of the system, of the host's
// administrators and of users. Of a job, only the path of its program is read: arguments and variables may
// contain secrets.

import { firstOf } from "../first-of.ts";
import type { HostFiles } from "../host-files.ts";
import { listHomes, readPlist } from "./macos-host.ts";
import { asDict, asList, type PlistDict, type PlistValue, switchIn, textIn } from "./plist-value.ts";

export interface LaunchdJob {
  label: string;
  /** `daemon`: one for the host. `agent`: one in each session. */
  kind: "daemon" | "agent";
  file: string;
  program: string | undefined;
  user: string | undefined;
  isEnabled: boolean;
  /** launchd starts it at times. Empty: it does not. */
  schedule: string[];
}

const MAX_PLIST_BYTES = 1024 * 1024;
const MAX_TIMES = 100;
const DISABLED = "/private/var/db/com.apple.xpc.launchd";
/** Parts of a time, as launchd.plist(5) orders them. */
const TIME_PARTS = ["Minute", "Hour", "Day", "Weekday", "Month"];

export function readLaunchdJobs(files: HostFiles): LaunchdJob[] {
  const overrides = readPlist(files, `${DISABLED}/disabled.plist`);
  const system = ["/System/Library", "/Library"].flatMap((folder) => [
    ...readFolder(files, `${folder}/LaunchDaemons`, "daemon", overrides, undefined),
    ...readFolder(files, `${folder}/LaunchAgents`, "agent", undefined, undefined),
  ]);
  const ofUsers = listHomes(files).flatMap(({ user, path }) => {
    const folder = `${path}/Library/LaunchAgents`;
    if (!files.exists(folder)) return [];
    const uid = files.findStat(path)?.uid;
    return readFolder(files, folder, "agent", readPlist(files, `${DISABLED}/disabled.${uid}.plist`), user);
  });
  return [...system, ...ofUsers];
}

/** What the administrator decided, before what the job's file says. True: disabled. */
export function isDisabled(files: HostFiles, label: string): boolean | undefined {
  const override = switchIn(readPlist(files, `${DISABLED}/disabled.plist`), label);
  if (override !== undefined) return override;
  const job = readLaunchdJob(files, `/System/Library/LaunchDaemons/${PLISTS[label] ?? label}.plist`);
  return job && switchIn(job, "Disabled") === true;
}

/** Files whose name is not the label. */
const PLISTS: Record<string, string> = { "com.openssh.sshd": "ssh", "com.apple.AEServer": "com.apple.eppc" };

function readLaunchdJob(files: HostFiles, path: string): PlistDict | undefined {
  return readPlist(files, path, MAX_PLIST_BYTES);
}

function readFolder(
  files: HostFiles,
  folder: string,
  kind: LaunchdJob["kind"],
  overrides: PlistDict | undefined,
  user: string | undefined,
): LaunchdJob[] {
  return files
    .list(folder)
    .filter((name) => name.endsWith(".plist") && !name.startsWith("."))
    .flatMap((name) => {
      const file = `${folder}/${name}`;
      const plist = readLaunchdJob(files, file);
      const label = textIn(plist, "Label");
      if (plist === undefined || label === undefined) return [];
      return {
        label,
        kind,
        file,
        program: programOf(files, plist),
        // A daemon without an account runs as root, an agent as the user of the session.
        user: textIn(plist, "UserName") ?? user ?? (kind === "daemon" ? "root" : undefined),
        isEnabled: !(switchIn(overrides, label) ?? switchIn(plist, "Disabled") ?? false),
        schedule: [...firstOf(files, `schedule of ${label}`, scheduleOf(plist), MAX_TIMES)],
      };
    });
}

/** `Program` or the first argument. `BundleProgram` is a path in the application that has the job. */
function programOf(files: HostFiles, plist: PlistDict): string | undefined {
  const first = asList(plist.get("ProgramArguments"))[0];
  const program = textIn(plist, "Program") ?? (typeof first === "string" ? first : undefined);
  return programPath(program ?? textIn(plist, "BundleProgram") ?? "", files.exists);
}

/** Folders with a blank, in which programs of jobs usually are. */
const WITH_BLANKS =
  /^(?:(?:\/Users\/[^/\s]+)?\/Library\/(?:Application Support|Internet Plug-Ins)|(?:\/Users\/[^/\s]+)?\/Applications\/[^/]{1,200}\.app)\//;
/** Of variables, texts and URLs. */
const NOT_IN_PATHS = /[="'`$;|<>]|:\/\//;

/**
 * launchd takes the whole text as a path. A whole command in its place is a mistake, but its arguments may be
 * secrets: if no such file exists, the text ends at the first blank outside of a known folder.
 */
export function programPath(text: string, exists: (path: string) => boolean): string | undefined {
  const path = text.trim();
  const known = WITH_BLANKS.exec(path)?.[0] ?? "";
  const kept = exists(path) ? path : `${known}${path.slice(known.length).split(/\s/, 1)[0]}`;
  return kept === "" || NOT_IN_PATHS.test(kept) ? undefined : kept;
}

function scheduleOf(plist: PlistDict): string[] {
  const interval = plist.get("StartInterval");
  const every = typeof interval === "number" && interval > 0 ? [`StartInterval=${interval}`] : [];
  const calendar = plist.get("StartCalendarInterval");
  const times = Array.isArray(calendar) ? calendar : [calendar];
  return [...every, ...times.flatMap(describeTime)];
}

/** `StartCalendarInterval Minute=30 Hour=4`. A part that is missing means each. */
function describeTime(value: PlistValue): string[] {
  const time = asDict(value);
  if (time === undefined) return [];
  const parts = TIME_PARTS.flatMap((name) => {
    const number = time.get(name);
    return typeof number === "number" ? `${name}=${number}` : [];
  });
  return [["StartCalendarInterval", ...parts].join(" ")];
}
