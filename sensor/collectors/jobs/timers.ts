// The timers of systemd, with what they start.
import { factText, optionalFact } from "../collector.ts";
import { firstOf } from "../first-of.ts";
import type { HostFiles } from "../host-files.ts";
import { listUnitFolders, type UnitFolder } from "../services/search-path.ts";
import { findUnit, type LoadedUnits, type Unit } from "../services/unit.ts";
import { lastOf } from "../services/unit-file.ts";
import { isTemplate } from "../services/unit-name.ts";
import type { Job } from "./job.ts";

const SCHEDULES = [
  "OnCalendar",
  "OnBootSec",
  "OnStartupSec",
  "OnActiveSec",
  "OnUnitActiveSec",
  "OnUnitInactiveSec",
];
const SUFFIX = ".timer";
const MAX_SCHEDULES = 100;

/** Undefined without systemd. */
export function readTimers(files: HostFiles): Iterable<Job> | undefined {
  const folders = listUnitFolders(files, (name) => name.endsWith(SUFFIX));
  if (folders.length === 0) return undefined;
  return listTimers(files, folders);
}

function* listTimers(files: HostFiles, folders: readonly UnitFolder[]): Generator<Job> {
  const names = new Set(
    folders.flatMap(({ files: regular, links, wanted }) =>
      [...regular, ...links.keys(), ...wanted].filter((name) => name.endsWith(SUFFIX) && !isTemplate(name)),
    ),
  );
  const loaded: LoadedUnits = new Map();
  for (const name of names) {
    const unit = findUnit(files, folders, loaded, name);
    // An alias is the timer that it names.
    if (unit !== undefined && (unit.name === name || name.includes("@")))
      yield timerJob(files, folders, name, unit);
  }
}

function timerJob(files: HostFiles, folders: readonly UnitFolder[], name: string, unit: Unit): Job {
  const starts = lastOf(unit.settings, "Timer.Unit") ?? `${name.slice(0, -SUFFIX.length)}.service`;
  const schedules = SCHEDULES.flatMap((setting) =>
    (unit.settings.get(`Timer.${setting}`) ?? []).map((value) => factText(`${setting}=${value}`, 300)),
  );
  return {
    kind: "timer",
    name: factText(name, 300),
    schedule: [...firstOf(files, `schedules of ${name}`, schedules, MAX_SCHEDULES)],
    enabled: isEnabled(folders, name, unit),
    unit: unit.isMasked ? undefined : optionalFact(starts, 300),
    source: factText(unit.path, 1_000),
  };
}

/** Whether something starts the timer. Absent if it cannot be enabled, and another unit may start it. */
function isEnabled(folders: readonly UnitFolder[], name: string, unit: Unit): boolean | undefined {
  if (unit.isMasked) return false;
  if (folders.some(({ wanted }) => wanted.has(name))) return true;
  if (/^\/run\/systemd\/(?:transient|generator)/.test(unit.path)) return true;
  const canBeEnabled = ["WantedBy", "RequiredBy", "UpheldBy", "Alias"].some(
    (setting) => (unit.settings.get(`Install.${setting}`) ?? []).length > 0,
  );
  return canBeEnabled ? false : undefined;
}
