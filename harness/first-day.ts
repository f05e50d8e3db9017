// The first steps with a new installation, through the HTTP API and the programs: account, token, sensor,
// inventory.
import { mkdirSync } from "node:fs";
import { completeSetup, signIn } from "@attacklens/protocol/account.ts";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import type { RouteOutput } from "@attacklens/protocol/route.ts";
import { getSensor, listSensors } from "@attacklens/protocol/sensors.ts";
import { call, type Session } from "./api-client.ts";
import { type RunningServer, runSensor, runServerCommand } from "./programs.ts";
import { TaskError } from "./terminal.ts";

export interface User {
  email: string;
  password: string;
  session: Session;
}

type SensorReport = RouteOutput<typeof getSensor>;

const POLL_MS = 250;

/**
 * Creates the first Super Admin with the setup link. If there is one already, creates another with `user
 * create`.
 */
export async function createSuperAdmin(server: RunningServer, dataDir: string): Promise<User> {
  const password = randomPassword();
  const session: Session = {};
  if (server.setupLink) {
    const code = decodeURIComponent(new URL(server.setupLink).hash.slice("#code=".length));
    const email = "demo@example.com";
    const body = { code, name: "Demo Admin", email, password };
    await call(server.url, completeSetup, { body }, session);
    return { email, password, session };
  }
  const email = `demo-${Date.now()}@example.com`;
  const { code, stderr } = await runServerCommand(
    ["user", "create", "--data", dataDir, "--email", email, "--name", "Demo Admin", "--role", "super-admin"],
    { stdin: password },
  );
  if (code !== 0) throw new TaskError(stderr);
  await call(server.url, signIn, { body: { email, password } }, session);
  return { email, password, session };
}

/**
 * Creates a token and enrolls the sensor with it. `program`: the command that runs the sensor; absent: the
 * built one. The token value passes only from the reply to the sensor's standard input.
 */
export async function enrollThisMachine(
  server: RunningServer,
  session: Session,
  stateDir: string,
  tokenName: string,
  program?: string[],
): Promise<void> {
  const { value } = await call(
    server.url,
    createEnrollmentToken,
    { body: { name: tokenName, scope: { type: "all-assets" }, expiresAt: null } },
    session,
  );
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const args = ["enroll", "--server", server.url, "--token", "-", "--state", stateDir];
  const { code, stdout, stderr } = await runSensor(args, { stdin: value, program });
  if (code !== 0) throw new TaskError(`Cannot enroll the sensor (exit code ${code}):\n${stdout}${stderr}`);
}

/** Returns the server that the sensor with this state folder is enrolled with; undefined: not enrolled. */
export async function findEnrolledServer(stateDir: string): Promise<string | undefined> {
  const { stdout } = await runSensor(["status", "--json", "--state", stateDir]);
  const { sensorId, server } = JSON.parse(stdout) as { sensorId?: string; server?: string };
  return sensorId === undefined ? undefined : server;
}

/** Waits until the server has every category of the first inventory of its only sensor. */
export async function waitForInventory(
  url: string,
  session: Session,
  timeoutMs = 120_000,
): Promise<SensorReport> {
  const deadline = Date.now() + timeoutMs;
  const { items } = await call(url, listSensors, {}, session);
  const id = items[0]?.id;
  if (!id) throw new TaskError("Cannot wait for an inventory: the server has no sensor");
  for (;;) {
    const sensor = await call(url, getSensor, { params: { id } }, session);
    if (sensor.inventory.every(({ status }) => status !== "waiting")) return sensor;
    if (Date.now() > deadline) {
      const missing = sensor.inventory
        .filter(({ status }) => status === "waiting")
        .map((part) => part.category);
      throw new TaskError(
        `The sensor did not report ${missing.join(", ")} within ${timeoutMs / 1000} s. See its log.`,
      );
    }
    await Bun.sleep(POLL_MS);
  }
}

function randomPassword(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(15))).toString("base64url");
}
