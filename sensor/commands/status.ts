// attacklens-sensor status: shows the identity, the result of the last check-in, the service and the next
// step. It sends nothing.

import { countOf } from "@attacklens/protocol/count-of.ts";
import { CATEGORIES } from "@attacklens/protocol/inventory/categories.ts";
import { STATUS_WORDS } from "@attacklens/protocol/inventory/results.ts";
import { EXIT_CODES } from "@attacklens/protocol/sensor-exits.ts";
import type { UpdateMethod } from "@attacklens/protocol/updates.ts";
import { COMMIT, RELEASE, TARGET } from "@attacklens/protocol/version.ts";
import { countSpooledReports } from "../reporting/spool-files.ts";
import { installedPaths } from "../service/installation.ts";
import { readServiceReport, type ServiceReport } from "../service/service-report.ts";
import { defaultStateDir } from "../settings.ts";
import { keyFingerprint, readIdentity } from "../state/identity.ts";
import { isSensorRunning } from "../state/run-lock.ts";
import { checkStateDir } from "../state/state-folder.ts";
import { readStatus, SENSOR_STATES, type SensorStatusFile } from "../state/status-file.ts";
import { methodOfService } from "../updates/update-method.ts";
import { readUpdateRecord, type UpdateAttempt } from "../updates/update-record.ts";
import { parseFlags } from "./flags.ts";
import { readImageState } from "./image-state.ts";
import { nextStepOf } from "./next-step.ts";
import { print } from "./terminal.ts";

const KNOWN_COMMIT = COMMIT === "unknown" ? undefined : COMMIT;

/**
 * Returns the exit code: 0 connected or not run yet, 1 no longer running, 5 not enrolled, otherwise that of
 * the state, or of the last attempt of a clone of an image.
 */
export async function statusCommand(args: string[]): Promise<number> {
  const flags = parseFlags(args, { json: { type: "boolean" }, state: { type: "string" } });
  const stateDir = checkStateDir(flags.state ?? defaultStateDir());
  const identity = readIdentity(stateDir);
  const enrolled = identity?.state === "enrolled" ? identity : undefined;
  const last = enrolled && readStatus(stateDir);
  const kept = enrolled && countSpooledReports(stateDir);
  const ended = last && whyNotRunning(stateDir, last);
  const found = ended ? "not-running" : (last?.state ?? "never-run");
  const image = enrolled ? undefined : await readImageState(stateDir);
  const state = enrolled ? found : (image?.state ?? (identity ? "enrolling" : "not-enrolled"));
  const server = identity?.server ?? image?.server;
  const service = await findService(stateDir);
  const next = nextStepOf(state, server, service, image?.hint);
  const method = await methodOfService(service?.packaged, stateDir);
  const update = method === "self" ? readUpdateRecord(stateDir).attempt : undefined;
  if (flags.json) {
    const { sensorId, enrolledAt } = enrolled ?? {};
    const { lastCheckInAt, problem = image?.problem, failedCategories, switchedOff } = last ?? {};
    const shown = {
      state,
      version: RELEASE,
      commit: KNOWN_COMMIT,
      stateDir,
      server,
      sensorId,
      fingerprint: enrolled && keyFingerprint(enrolled.publicKey),
      enrolledAt,
      imageSealedAt: image?.sealedAt,
      lastCheckInAt,
      clockOffsetMs: last?.clockOffsetMs,
      problem: ended ?? problem,
      failedCategories,
      switchedOff,
      spool: kept,
      service,
      updates: { method, target: TARGET, attempt: update },
      nextStep: next,
    };
    print(JSON.stringify(shown, null, 2));
  } else {
    const rows: [string, string | false | 0 | null | undefined][] = [
      ["State", state.replaceAll("-", " ")],
      ["Server", server],
      ["Sensor", enrolled?.sensorId],
      ["Fingerprint", enrolled && keyFingerprint(enrolled.publicKey)],
      ["Enrolled", enrolled?.enrolledAt],
      ["Image", image && `sealed ${image.sealedAt}`],
      ["Last check-in", last?.lastCheckInAt],
      ["Clock", last?.clockOffsetMs !== undefined && describeOffset(last.clockOffsetMs)],
      ["Problem", ended ?? last?.problem ?? image?.problem],
      ...failureRows(last?.failedCategories ?? []),
      ["Switched off", last?.switchedOff?.length && `${last.switchedOff.join(", ")}, by the host's owner`],
      ["Waiting", kept?.since && `${describeCount(kept.waiting)} since ${kept.since}`],
      [
        "Dropped",
        kept?.dropped &&
          `${describeCount(kept.dropped.count)} since ${kept.dropped.since}, because the spool was full`,
      ],
      ["Version", KNOWN_COMMIT ? `${RELEASE} (commit ${KNOWN_COMMIT})` : RELEASE],
      ["Updates", METHODS[method]],
      ["Update", update && describeUpdate(update)],
      ["State folder", stateDir],
      ["Service", service && describeService(service)],
      ["Next step", next],
    ];
    for (const [name, value] of rows) if (value) print(`${name.padEnd(14)} ${value}`);
  }
  if (state === "not-running") return EXIT_CODES.failed;
  if (!enrolled) return EXIT_CODES[image?.exit ?? "identity"];
  return last === undefined ? EXIT_CODES.done : EXIT_CODES[SENSOR_STATES[last.state]];
}

/** Undefined: it runs, or it ran only once. */
function whyNotRunning(stateDir: string, { at, overdueAt }: SensorStatusFile): string | undefined {
  if (overdueAt === undefined) return undefined;
  if (!isSensorRunning(stateDir)) return `attacklens-sensor run is not running; its last cycle was at ${at}`;
  return Date.parse(overdueAt) < Date.now()
    ? `no cycle since ${at}, although attacklens-sensor run is running`
    : undefined;
}

/** One row for each category; one for all, if they have one reason. */
function failureRows(failed: SensorStatusFile["failedCategories"]): [string, string][] {
  const rows = failed.map(({ category, status, reason }): [string, string] => [
    `No ${category}`,
    `${STATUS_WORDS[status]}: ${reason}`,
  ]);
  const [first, ...others] = rows;
  const isAll = first && failed.length === CATEGORIES.length && others.every(([, why]) => why === first[1]);
  return isAll ? [["No inventory", first[1]]] : rows;
}

/** The service that runs with this state folder; undefined: none is installed. */
async function findService(stateDir: string): Promise<ServiceReport | undefined> {
  if (stateDir !== installedPaths().stateDir) return undefined;
  const service = await readServiceReport();
  return service.state === "missing" ? undefined : service;
}

function describeService({ service, manager, state, lastEnd }: ServiceReport): string {
  const why = lastEnd === undefined ? "" : `, last ended with ${lastEnd}`;
  return `${service} of ${manager}: ${state}${why}`;
}

const METHODS: Record<UpdateMethod, string> = {
  self: "automatic",
  "package-manager": "by the package manager of this host",
  immutable: "with the image of this host",
  manual: "by hand",
};

function describeUpdate({ version, state, reason, at }: UpdateAttempt): string {
  return `${version}: ${state.replaceAll("-", " ")} since ${at}${reason === undefined ? "" : `: ${reason}`}`;
}

const describeCount = (count: number) => countOf(count, "report");

function describeOffset(offsetMs: number): string {
  const seconds = Math.round(Math.abs(offsetMs) / 1000);
  return `${seconds} s ${offsetMs > 0 ? "behind" : "ahead of"} the server's clock, corrected automatically`;
}
