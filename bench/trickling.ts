// What strangers and one sensor can force on the built server: memory under connections that trickle their bodies, and the time
// that /healthz takes while uploads arrive that are as large and as costly as they may be. Linux only: memory is read from /proc.
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { checkIn } from "@attacklens/protocol/check-in.ts";
import { enroll } from "@attacklens/protocol/enroll.ts";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { RELEASE, SENSOR_PROTOCOL_VERSION } from "@attacklens/protocol/version.ts";
import { call } from "../harness/api-client.ts";
import { createSuperAdmin } from "../harness/first-day.ts";
import { type RunningServer, startServer } from "../harness/programs.ts";
import { makeSigner, type SignedRequest } from "../harness/signer.ts";

const CONNECTIONS = 400;
const SECONDS = 12;
const BODY_BYTES = 4 * 1024 * 1024;
/** Bytes of each connection in a second: a whole body takes as long as the measurement. */
const BYTES_PER_SECOND = 300_000;
const UPLOAD_PATH = "/sensor/v1/inventory/packages/chunks";
const versions = { protocolVersion: SENSOR_PROTOCOL_VERSION, sensorVersion: RELEASE };

/** Runs everything on throw-away data in `folder`. Sizes in megabytes, times in milliseconds. */
export async function benchTrickling(folder: string) {
  await using server = await startServer({
    dataDir: join(folder, "trickling"),
    logFile: join(folder, "trickling.log"),
    environment: { ATTACKLENS_LOG_LEVEL: "warn" },
  });
  const { session } = await createSuperAdmin(server, join(folder, "trickling"));
  const tokenBody = { name: "Bench", scope: { type: "all-assets" }, expiresAt: null } as const;
  const { value } = await call(server.url, createEnrollmentToken, { body: tokenBody }, session);
  const sensor = await enrollSensor(server, value, "trickling");
  const idleMb = memoryMb(server.pid);

  const unsigned = await trickle(server, () => []);
  const oneSensor = await trickle(server, () => headersOf(sensor.sign("{}")));
  const sensors = await Promise.all(
    Array.from({ length: CONNECTIONS }, (_, index) => enrollSensor(server, value, `trickling-${index}`)),
  );
  const everySensor = await trickle(server, (index) => headersOf(sensors[index]!.sign("{}")));
  const quiet = await measureHealth(server, async () => await Bun.sleep(3_000));
  // Made before the measurement, which their making would disturb.
  const uploads = sensors.slice(0, 5).flatMap(({ sign }) => COSTLY_BODIES.map((body) => sign(body())));
  const loaded = await measureHealth(server, async () => {
    for (const upload of uploads) await send(server, upload);
  });
  return {
    idleMb,
    peakMbUnsigned: unsigned,
    peakMbSignedByOneSensor: oneSensor,
    peakMbSignedByEach: everySensor,
    healthzQuiet: quiet,
    healthzUnderUploads: loaded,
  };
}

/** Bodies of some megabytes, each costly in another way. */
const COSTLY_BODIES = [
  () => `{"chunks":{"${"a".repeat(64)}":[{"key":"x",${members(330_000)}}]}}`,
  () => `{"chunks":{"${"a".repeat(64)}":[${Array.from({ length: 4_900 }, () => `{${members(40)}}`)}]}}`,
  () => `{"chunks":{"${"a".repeat(64)}":[${Array.from({ length: 4_900 }, packageText)}]}}`,
  () => `{"chunks":{"${"a".repeat(64)}":[${`[${"0,".repeat(4_000)}0],`.repeat(90)}0]}}`,
  () => `${"[".repeat(2_000_000)}`,
  () => `{"chunks":{"${"a".repeat(64)}":["${"\\u0061".repeat(600_000)}"]}}`,
];

function members(count: number): string {
  return Array.from({ length: count }, (_, index) => `"m${index}":0`).join();
}

function packageText(_: unknown, index: number): string {
  const name = `package-${index}`;
  const purl = `pkg:deb/debian/${name}@1.2.3?arch=amd64`;
  return JSON.stringify({
    ...{ key: `dpkg:${name}:amd64`, manager: "dpkg", name, version: "1.2.3", architecture: "amd64", purl },
    ...{ vendor: "x".repeat(300), source: "y".repeat(200) },
  });
}

async function enrollSensor(server: RunningServer, token: string, hostname: string) {
  const signer = makeSigner();
  const host = { hostname, platform: "linux", architecture: "amd64", osName: "Bench", osVersion: "1" };
  const body = { publicKey: signer.publicKey, ...versions, host };
  const reply = await send(server, signer.sign(enroll.path, body, signer.publicKey, token));
  const { sensorId } = JSON.parse(reply) as { sensorId: string };
  await send(server, signer.sign(checkIn.path, { ...versions, inventory: {} }, sensorId));
  return {
    /** An upload of chunks. */
    sign: (body: string) => signer.signText("PUT", UPLOAD_PATH, body, sensorId),
  };
}

async function send(server: RunningServer, { path, init }: SignedRequest): Promise<string> {
  return await (await fetch(server.url + path, init)).text();
}

function headersOf({ init }: SignedRequest): string[] {
  return Object.entries(init.headers as Record<string, string>).map(([name, value]) => `${name}: ${value}`);
}

/** The most memory that the server takes while the connections trickle. */
async function trickle(server: RunningServer, headers: (index: number) => string[]): Promise<number> {
  const { hostname, port } = new URL(server.url);
  const part = Buffer.alloc(BYTES_PER_SECOND / 10, "x");
  const sockets: Socket[] = Array.from({ length: CONNECTIONS }, (_, index) => {
    const socket = connect(Number(port), hostname);
    socket.on("error", () => {}).resume();
    const own = headers(index);
    const lines = [`host: ${hostname}:${port}`, `content-length: ${BODY_BYTES}`, ...own];
    if (own.length === 0) lines.push("content-type: application/json");
    socket.write(`PUT ${UPLOAD_PATH} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
    return socket;
  });
  let peakMb = 0;
  for (let tick = 0; tick < SECONDS * 10; tick++) {
    for (const socket of sockets) if (socket.writable && socket.bytesWritten < BODY_BYTES) socket.write(part);
    await Bun.sleep(100);
    peakMb = Math.max(peakMb, memoryMb(server.pid));
  }
  for (const socket of sockets) socket.destroy();
  return peakMb;
}

/** /healthz a hundred times a second, each request sent when it is due, while `load` runs. */
async function measureHealth(server: RunningServer, load: () => Promise<void>) {
  const times: number[] = [];
  const requests: Promise<void>[] = [];
  const ask = async () => {
    const startedAt = performance.now();
    await (await fetch(`${server.url}/healthz`)).text();
    times.push(performance.now() - startedAt);
  };
  const timer = setInterval(() => requests.push(ask()), 10);
  await load();
  clearInterval(timer);
  await Promise.all(requests);
  const sorted = times.toSorted((left, right) => left - right);
  const at = (share: number) =>
    Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  return { requests: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) };
}

function memoryMb(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Math.round(Number(kilobytes) / 1024);
}
