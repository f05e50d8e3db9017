// Measures concurrent enrollments with one token, as in a rollout: enrollments per second, and latency.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { enroll } from "@attacklens/protocol/enroll.ts";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { RELEASE, SENSOR_PROTOCOL_VERSION } from "@attacklens/protocol/version.ts";
import { call } from "../harness/api-client.ts";
import { createSuperAdmin } from "../harness/first-day.ts";
import { startServer } from "../harness/programs.ts";
import { makeSigner, type SignedRequest } from "../harness/signer.ts";

const HOSTS = 2_000;
const AT_ONCE = 200;

/** Runs on throwaway data in `folder`, or in the given empty database. */
export async function benchEnroll(folder: string, databaseUrl?: string) {
  const dataDir = join(folder, databaseUrl ? "enroll-postgres" : "enroll-sqlite");
  await using server = await startServer({ dataDir, logFile: `${dataDir}.log`, databaseUrl });
  const { session } = await createSuperAdmin(server, dataDir);
  const tokenBody = { name: "Bench", scope: { type: "all-assets" }, expiresAt: null } as const;
  const { value } = await call(server.url, createEnrollmentToken, { body: tokenBody }, session);

  const requests = Array.from({ length: HOSTS }, (_, index): SignedRequest => {
    const signer = makeSigner();
    const body = {
      publicKey: signer.publicKey,
      protocolVersion: SENSOR_PROTOCOL_VERSION,
      sensorVersion: RELEASE,
      host: {
        hostname: `bench-${index}`,
        platform: "linux",
        architecture: "amd64",
        osName: "Bench",
        osVersion: "1",
        machineId: index.toString(16).padStart(32, "0"),
        addresses: [`10.0.${index >> 8}.${index & 255}`],
      },
    };
    return signer.sign(enroll.path, body, signer.publicKey, value);
  });
  const waitsMs: number[] = [];
  const [cpuBefore, startedAt] = [cpuSeconds(server.pid), performance.now()];
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let request = requests.pop(); request; request = requests.pop()) {
        const sentAt = performance.now();
        const response = await fetch(server.url + request.path, request.init);
        const text = await response.text();
        if (!response.ok) throw new Error(`${response.status} ${text}`);
        waitsMs.push(performance.now() - sentAt);
      }
    }),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  const sorted = waitsMs.toSorted((left, right) => left - right);
  return {
    enrollmentsPerSecond: Math.round(HOSTS / seconds),
    cpuSecondsPer1000: Number((((cpuSeconds(server.pid) - cpuBefore) / HOSTS) * 1000).toPrecision(3)),
    medianWaitMs: Math.round(sorted[HOSTS / 2]!),
    longestWaitMs: Math.round(sorted.at(-1)!),
  };
}

/** User and system time of a process and all its threads, from proc(5). A second has a hundred ticks. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
