// Measures the load that unauthenticated clients and one sensor can cause on the built server: its memory
// while connections send their bodies slowly, and the latency of /healthz during uploads of the maximum size
// and cost. Linux only: it reads memory from /proc.
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { checkIn } from "@attacklens/protocol/check-in.ts";
import { enroll } from "@attacklens/protocol/enroll.ts";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { RELEASE, SENSOR_PROTOCOL_VERSION } from "@attacklens/protocol/version.ts";
import { call } from "../harness/api-client.ts";
import { createSuperAdmin } from "../harness/first-day.ts";
import { startServer } from "../harness/programs.ts";
import { makeSigner, type SignedRequest } from "../harness/signer.ts";
import { type Figure, plainFigure } from "./figure.ts";

const CONNECTIONS = 400;
const SECONDS = 12;
const BODY_BYTES = 4 * 1024 * 1024;
/** Bytes per second on each connection. At this rate, a whole body takes as long as the measurement. */
const BYTES_PER_SECOND = 300_000;
const UPLOAD_PATH = "/sensor/v1/inventory/packages/chunks";
const versions = { protocolVersion: SENSOR_PROTOCOL_VERSION, sensorVersion: RELEASE };

/** The address for sensors, and the process whose memory is measured. */
interface Target {
  url: string;
  pid: number;
}

/** Runs everything on throwaway data in `folder`. */
export async function benchTrickling(folder: string): Promise<Figure[]> {
  await using plain = await openTarget(folder, "trickling", {});
  const http = await trickleInTurn(plain);
  const quiet = await healthMs(plain.target, async () => await Bun.sleep(3_000));
  // Generated in advance, because generating them would distort the measurement.
  const uploads = http.sensors.slice(0, 5).flatMap(({ sign }) => COSTLY_BODIES.map((body) => sign(body())));
  const loaded = await healthMs(plain.target, async () => {
    for (const upload of uploads) await send(plain.target, upload);
  });
  // 127.1 is this machine too, but the server does not recognize it as loopback, so it requires TLS there.
  await using tls = await openTarget(folder, "trickling-tls", { ATTACKLENS_SENSOR_LISTEN: "127.1:0" });
  const https = await trickleInTurn(tls);
  return [
    plainFigure("memory of the server at rest", "MB", { atMost: 70 }, [http.idleMb]),
    ...peaks(http, "HTTP"),
    ...peaks(https, "HTTPS"),
    plainFigure("p99 of /healthz at rest", "ms", { atMost: 20 }, quiet),
    plainFigure("p99 of /healthz during the most expensive uploads", "ms", { atMost: 100 }, loaded),
  ];
}

type Peaks = Awaited<ReturnType<typeof trickleInTurn>>;

async function trickleInTurn({ target, token, sensor }: Awaited<ReturnType<typeof openTarget>>) {
  const idleMb = memoryMb(target.pid);
  const unsigned = await trickle(target, () => []);
  const oneSensor = await trickle(target, () => headersOf(sensor.sign("{}")));
  const sensors = await enrollAll(target, token);
  const everySensor = await trickle(target, (index) => headersOf(sensors[index]!.sign("{}")));
  return { idleMb, unsigned, oneSensor, everySensor, sensors };
}

function peaks({ unsigned, oneSensor, everySensor }: Peaks, scheme: string): Figure[] {
  const peak = (what: string, limit: number, megabytes: number) =>
    plainFigure(`peak memory, ${CONNECTIONS} slow bodies, ${what}, ${scheme}`, "MB", { atMost: limit }, [
      megabytes,
    ]);
  return [
    peak("unsigned", 300, unsigned),
    peak("signed by one sensor", 300, oneSensor),
    peak("signed by as many sensors", 700, everySensor),
  ];
}

async function openTarget(folder: string, name: string, environment: Record<string, string>) {
  const dataDir = join(folder, name);
  const server = await startServer({
    dataDir,
    logFile: join(folder, `${name}.log`),
    environment: { ATTACKLENS_LOG_LEVEL: "warn", ...environment },
  });
  const { session } = await createSuperAdmin(server, dataDir);
  const body = { name: "Bench", scope: { type: "all-assets" }, expiresAt: null } as const;
  const { value: token } = await call(server.url, createEnrollmentToken, { body }, session);
  const target: Target = { url: server.sensorUrl ?? server.url, pid: server.pid };
  const sensor = await enrollSensor(target, token, name);
  return { target, token, sensor, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

function enrollAll(target: Target, token: string) {
  return Promise.all(
    Array.from({ length: CONNECTIONS }, (_, index) => enrollSensor(target, token, `trickling-${index}`)),
  );
}

/** Bodies of a few megabytes, each expensive in a different way. */
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

async function enrollSensor(target: Target, token: string, hostname: string) {
  const signer = makeSigner();
  const host = { hostname, platform: "linux", architecture: "amd64", osName: "Bench", osVersion: "1" };
  const body = { publicKey: signer.publicKey, ...versions, host };
  const reply = await send(target, signer.sign(enroll.path, body, signer.publicKey, token));
  const { sensorId } = JSON.parse(reply) as { sensorId: string };
  await send(target, signer.sign(checkIn.path, { ...versions, inventory: {} }, sensorId));
  return {
    /** An upload of chunks. */
    sign: (body: string) => signer.signText("PUT", UPLOAD_PATH, body, sensorId),
  };
}

async function send(target: Target, { path, init }: SignedRequest): Promise<string> {
  return await (
    await fetch(target.url + path, { ...init, keepalive: false, tls: { rejectUnauthorized: false } })
  ).text();
}

function headersOf({ init }: SignedRequest): string[] {
  return Object.entries(init.headers as Record<string, string>).map(([name, value]) => `${name}: ${value}`);
}

/** Returns the peak memory of the server while the connections send their bodies slowly. */
async function trickle(target: Target, headers: (index: number) => string[]): Promise<number> {
  const { protocol, hostname, port } = new URL(target.url);
  const options = { host: hostname, port: Number(port), rejectUnauthorized: false };
  const part = Buffer.alloc(BYTES_PER_SECOND / 10, "x");
  const sockets: Socket[] = Array.from({ length: CONNECTIONS }, (_, index) => {
    const socket = protocol === "https:" ? connectTls(options) : connect(options);
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
    peakMb = Math.max(peakMb, memoryMb(target.pid));
  }
  for (const socket of sockets) socket.destroy();
  return peakMb;
}

/**
 * The 99th percentile of /healthz, requested a hundred times per second while `load` runs. Each request is
 * sent when it is due.
 */
async function healthMs(target: Target, load: () => Promise<void>) {
  const times: number[] = [];
  const requests: Promise<void>[] = [];
  const ask = async () => {
    const startedAt = performance.now();
    await (await fetch(`${target.url}/healthz`)).text();
    times.push(performance.now() - startedAt);
  };
  const timer = setInterval(() => requests.push(ask()), 10);
  await load();
  clearInterval(timer);
  await Promise.all(requests);
  const sorted = times.toSorted((left, right) => left - right);
  return [sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.99))]!];
}

function memoryMb(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Math.round(Number(kilobytes) / 1024);
}
