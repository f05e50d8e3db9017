// attacklens status: the state of a server, as the page System of the console shows it.
import { getSystemStatus, type SystemStatus } from "@attacklens/protocol/system-status.ts";
import { CONNECTION_FLAGS, CONNECTION_HELP, openSession } from "./connection.ts";
import { parseFlags, reportErrors } from "./parse-flags.ts";
import { table } from "./text-table.ts";

export const STATUS_USAGE = `Usage:
  attacklens status [--json]

Prints the version, database, address, certificate, health and background jobs of a server, and what
the installation still lacks. Needs the Admin role.

${CONNECTION_HELP}

Exit codes: 0 healthy, 1 a health check fails, 2 usage error, 3 not signed in or not permitted,
4 server unreachable or unavailable.
`;

/** Returns the exit code. Prints errors to standard error. */
export async function statusCommand(args: string[]): Promise<number> {
  let isHealthy = true;
  const code = await reportErrors("status", async () => {
    const { values: flags } = parseFlags(args, CONNECTION_FLAGS);
    await using session = await openSession(flags);
    const status = await session.call(getSystemStatus, {});
    isHealthy = status.health.every(({ ok }) => ok);
    console.log(flags.json ? JSON.stringify(status, null, 2) : statusText(status));
  });
  return code === 0 && !isHealthy ? 1 : code;
}

export function statusText(status: SystemStatus): string {
  const { database, sensors, address, certificate } = status;
  const facts = [
    ["Version", `${status.version} (${status.commit})`],
    ["Runtime", status.runtime],
    ["Started", status.startedAt],
    ["Processes", String(status.processes)],
    ["Database", `${database.kind} ${database.version}, ${(database.sizeBytes / 2 ** 20).toFixed(1)} MiB`],
    ["Sensors", `${sensors.online} online of ${sensors.all}`],
    ["Public URL", address.publicUrl ?? "not configured"],
    ["CA pin", address.caPin ?? "none"],
    ...(certificate
      ? [
          ["Certificate", `${certificate.names.join(", ")}, by ${certificate.issuer}`],
          ["Expires", certificate.expiresAt],
        ]
      : [["Certificate", "none"]]),
  ];
  const jobs = status.jobs.map(({ name, lastRunAt, isFailing, lastError }) => [
    ...[name, lastRunAt ?? "not yet"],
    isFailing ? `failed: ${lastError?.message}` : lastRunAt ? "ok" : "",
  ]);
  return [
    table(facts),
    table([
      ["HEALTH", ""],
      ...status.health.map(({ name, ok, text }) => [name, ok ? text : `PROBLEM: ${text}`]),
    ]),
    table([["JOB", "LAST RUN", "RESULT"], ...jobs]),
    ...(status.lacks.length > 0
      ? [
          `STILL LACKS\n${status.lacks.map(({ reason, nextStep }) => `- ${reason}\n  ${nextStep}`).join("\n")}`,
        ]
      : []),
  ].join("\n\n");
}
