// Compares the server CPU time of durable, authenticated check-ins with that of a "hello world" server on the
// same runtime, and measures enrollments. It compares CPU time because on two cores the load generator, not
// the "hello world" server, is the bottleneck.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkIn } from "@attacklens/protocol/check-in.ts";
import { enroll } from "@attacklens/protocol/enroll.ts";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { RELEASE, SENSOR_PROTOCOL_VERSION } from "@attacklens/protocol/version.ts";
import { call } from "../harness/api-client.ts";
import { createSuperAdmin } from "../harness/first-day.ts";
import { startServer } from "../harness/programs.ts";
import { makeSigner, type SignedRequest } from "../harness/signer.ts";

const SENSORS = 64;
const CHECK_INS_A_ROUND = 50;
const ROUNDS = 5;
/** Linux counts CPU time in hundredths of a second. */
const TICKS_A_SECOND = 100;
const versions = { protocolVersion: SENSOR_PROTOCOL_VERSION, sensorVersion: RELEASE };

/** Runs everything on throwaway data in `folder`. Returns medians over the rounds. */
export async function benchCheckIn(folder: string) {
  await using server = await startServer({
    dataDir: join(folder, "data"),
    logFile: join(folder, "server.log"),
  });
  const { session } = await createSuperAdmin(server, join(folder, "data"));
  const tokenBody = { name: "Bench", scope: { type: "all-assets" }, expiresAt: null } as const;
  const { value } = await call(server.url, createEnrollmentToken, { body: tokenBody }, session);

  const sensors = Array.from({ length: SENSORS }, () => ({ signer: makeSigner(), id: "" }));
  const enrolling = sensors.map(({ signer }, index) => {
    const host = {
      hostname: `bench-${index}`,
      platform: "linux",
      architecture: "amd64",
      osName: "Bench",
      osVersion: "1",
    };
    return signer.sign(
      enroll.path,
      { publicKey: signer.publicKey, ...versions, host },
      signer.publicKey,
      value,
    );
  });
  const startedAt = performance.now();
  const replies = await Promise.all(enrolling.map((request) => post(server.url, request)));
  const enrollmentsPerSecond = SENSORS / ((performance.now() - startedAt) / 1000);
  for (const [index, sensor] of sensors.entries()) {
    sensor.id = (JSON.parse(replies[index]!) as { sensorId: string }).sensorId;
  }

  const hello = Bun.spawn([process.execPath, join(import.meta.dir, "hello.ts")], { stdout: "pipe" });
  try {
    const [{ value: line }] = [await hello.stdout.getReader().read()];
    const helloUrl = new TextDecoder().decode(line).trim().slice("listening on ".length);
    const rounds = [];
    for (let round = 0; round < ROUNDS; round++) {
      const requests = sensors.map(({ signer, id }) =>
        Array.from({ length: CHECK_INS_A_ROUND }, () =>
          signer.sign(checkIn.path, { ...versions, inventory: {} }, id),
        ),
      );
      const measureHello = () => measure(hello.pid, helloUrl, requests);
      const measureCheckIn = () => measure(server.pid, server.url, requests);
      // Interleaved A B, B A: other load on the machine affects both.
      const [first, second] = round % 2 ? [measureHello, measureCheckIn] : [measureCheckIn, measureHello];
      const [one, other] = [await first(), await second()];
      rounds.push(round % 2 ? { hello: one, checkIn: other } : { hello: other, checkIn: one });
    }
    return {
      enrollmentsPerSecond: Math.round(enrollmentsPerSecond),
      checkInsPerSecond: Math.round(median(rounds.map(({ checkIn }) => checkIn.perSecond))),
      cpuSecondsPer1000CheckIns: median(rounds.map(({ checkIn }) => checkIn.cpuSecondsPer1000)),
      cpuSecondsPer1000Hello: median(rounds.map(({ hello }) => hello.cpuSecondsPer1000)),
      /** 1: a check-in costs the server no more CPU time than an empty response. */
      helloToCheckInCpu: median(
        rounds.map(({ hello, checkIn }) => hello.cpuSecondsPer1000 / checkIn.cpuSecondsPer1000),
      ),
    };
  } finally {
    hello.kill();
  }
}

async function measure(pid: number, url: string, requests: SignedRequest[][]) {
  const [cpuBefore, startedAt] = [cpuSeconds(pid), performance.now()];
  await Promise.all(
    requests.map(async (own) => {
      for (const request of own) await post(url, request);
    }),
  );
  const count = requests.length * CHECK_INS_A_ROUND;
  return {
    perSecond: count / ((performance.now() - startedAt) / 1000),
    cpuSecondsPer1000: ((cpuSeconds(pid) - cpuBefore) / count) * 1000,
  };
}

async function post(url: string, { path, init }: SignedRequest): Promise<string> {
  const response = await fetch(url + path, init);
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${text}`);
  return text;
}

/** User and system time of a process and all its threads, from proc(5). */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
}

function median(values: number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  return Number(sorted[Math.floor(sorted.length / 2)]!.toPrecision(3));
}
