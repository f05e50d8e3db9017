// `enroll` on a host whose sensor is unknown to the server: when the host becomes a new sensor, and when not.
import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type EnrolledIdentity, identityPath, makeIdentity, writeIdentity } from "../state/identity.ts";
import {
  COMMANDS_TIMEOUT_MS,
  makeFolder,
  runCommandLine,
  startCommand,
  TOKEN,
} from "../testing/test-command.ts";
import {
  type Answer,
  dropReply,
  problem,
  SENSOR_ID,
  signedProblem,
  startTestServer,
} from "../testing/test-server.ts";

setDefaultTimeout(COMMANDS_TIMEOUT_MS);

const OLD_ID = "sen_0198c5f0-7c1e-7a3b-9a51-0000000000aa";

let server: Awaited<ReturnType<typeof startTestServer>>;
let folder: ReturnType<typeof makeFolder>;
let state: string;
let mine: KeyObject;
let other: KeyObject;
let before: string;
beforeEach(async () => {
  server = await startTestServer();
  folder = makeFolder();
  state = join(folder.path, "state");
  mine = generateKeyPairSync("ed25519").privateKey;
  other = generateKeyPairSync("ed25519").privateKey;
  enrolled();
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

/** Writes the identity of an enrolled sensor, whose key the server knows. */
function enrolled(changes: Partial<EnrolledIdentity> = {}): void {
  const identity: EnrolledIdentity = {
    ...makeIdentity(server.url),
    state: "enrolled",
    sensorId: OLD_ID,
    enrolledAt: "2026-11-24T09:30:00.000Z",
    serverKey: mine.export({ format: "jwk" }).x as string,
    ...changes,
  };
  server.world.publicKey = identity.publicKey;
  writeIdentity(state, identity);
  before = readFileSync(identityPath(state), "utf8");
}

const ARGS = ["--token", "-", "--wait", "0"];
const enroll = (...more: string[]) =>
  runCommandLine(["enroll", "--server", server.url, "--state", state, ...ARGS, ...more], { stdin: TOKEN });
const kept = () => readFileSync(identityPath(state), "utf8") === before;
const paths = () => server.received.map(({ path }) => path.slice("/sensor/v1/".length));

describe("if the server has a record of the sensor and", () => {
  const answers: [string, () => Answer | undefined, string][] = [
    ["confirms it", () => undefined, ""],
    [
      "has blocked it",
      () => signedProblem(mine, "sensor-blocked"),
      "attacklens-sensor: the sensor is blocked in the console\n",
    ],
    [
      "awaits approval",
      () => signedProblem(mine, "sensor-awaiting-approval"),
      "attacklens-sensor: the sensor is awaiting approval in the console\n",
    ],
    ["requires a check-in first", () => signedProblem(mine, "state-conflict"), ""],
    ["reports a clone", () => signedProblem(mine, "sensor-cloned"), ""],
    ["is of an earlier release", () => problem("not-found"), ""],
  ];
  for (const [what, answer, stderr] of answers) {
    test(`${what}, enroll keeps the identity, regardless of the token and --replace`, async () => {
      server.world.tokenCheck = { reEnrollLost: "always" };
      for (const more of [[], ["--replace"]]) {
        const next = answer();
        if (next) server.next.push(next);
        expect(await enroll(...more)).toEqual({
          exitCode: 0,
          stdout: `already enrolled as ${OLD_ID} with ${server.url}; the token was not used\n`,
          stderr,
        });
      }
      expect(kept()).toBe(true);
      expect(paths()).toEqual(["confirm", "confirm"]);
    });
  }
});

describe("if the server", () => {
  const lost: [string, () => Answer][] = [
    ["has no such sensor", () => signedProblem(mine, "sensor-unknown")],
    ["has another key for it", () => signedProblem(mine, "signature-invalid")],
  ];
  for (const [what, answer] of lost) {
    test(`${what}, enroll reports it, and the token or --replace makes the host a new sensor`, async () => {
      for (const rule of ["never", "new-pin"] as const) {
        server.world.tokenCheck = { reEnrollLost: rule };
        server.next.push(answer());
        const { exitCode, stdout, stderr } = await enroll();
        expect({ exitCode, stdout }).toEqual({ exitCode: 9, stdout: "" });
        expect(stderr).toContain(
          `its signed reply says that ${OLD_ID} with this key does not exist; the identity was kept\n`,
        );
        expect(stderr).toContain(
          "hint: to enroll this host as a new sensor, repeat the command with --replace",
        );
        expect(kept()).toBe(true);
      }
      for (const [rule, more] of [
        ["always", []],
        ["never", ["--replace"]],
      ] as const) {
        enrolled();
        server.world.tokenCheck = { reEnrollLost: rule };
        server.next.push(answer());
        const { exitCode, stdout } = await enroll(...more);
        expect(exitCode).toBe(0);
        expect(stdout).toContain(` as ${SENSOR_ID} in place of ${OLD_ID} of ${server.url}\n`);
        expect(kept()).toBe(false);
        expect(existsSync(join(state, "re-enroll"))).toBe(false);
      }
    });
  }

  test("has no such sensor and refuses the token, enroll reports the refusal and keeps the identity", async () => {
    server.world.tokenCheck = {
      refusal: { code: "token-expired", detail: "token expired" },
      reEnrollLost: "never",
    };
    server.next.push(signedProblem(mine, "sensor-unknown"));
    const { exitCode, stderr } = await enroll();
    expect(exitCode).toBe(3);
    expect(stderr).toContain("the token would be refused: token expired");
    expect(kept()).toBe(true);
  });

  test("signs with a different key or not at all, enroll keeps the identity", async () => {
    for (const answer of [
      signedProblem(other, "sensor-unknown"),
      problem("sensor-unknown"),
      problem("sensor-blocked"),
    ]) {
      server.next.push(answer);
      const { exitCode, stderr } = await enroll();
      expect(exitCode).toBe(10);
      expect(stderr).toContain(
        `is not the server that this host is enrolled with as ${OLD_ID}: it signs with a different key`,
      );
      expect(kept()).toBe(true);
    }
  });

  test("sends a reply that this host cannot verify, only --replace makes a new sensor", async () => {
    server.world.tokenCheck = { reEnrollLost: "always" };
    enrolled({ serverKey: undefined });
    server.next.push(problem("sensor-unknown"));
    const { exitCode, stderr } = await enroll();
    expect(exitCode).toBe(9);
    expect(stderr).toContain("but this host cannot verify the reply");
    expect(kept()).toBe(true);
    server.next.push(problem("sensor-unknown"));
    expect((await enroll("--replace")).exitCode).toBe(0);
  });

  test("has replaced the key, enroll exits with 13, and only --replace makes a new sensor", async () => {
    server.world.tokenCheck = { reEnrollLost: "always" };
    server.next.push(signedProblem(mine, "key-replaced"));
    expect((await enroll()).exitCode).toBe(13);
    expect(kept()).toBe(true);
    server.next.push(signedProblem(mine, "key-replaced"));
    expect((await enroll("--replace")).exitCode).toBe(0);
  });
});

test("keeps the identity if the server is unreachable or unavailable", async () => {
  server.next.push(dropReply, problem("unavailable"));
  for (const more of [[], ["--replace"]]) {
    const { exitCode, stdout } = await enroll(...more);
    expect(exitCode === 4 || exitCode === 12).toBe(true);
    expect(stdout).toBe("");
    expect(kept()).toBe(true);
  }
});

test("a failed --replace keeps the old identity, and the next attempt uses the same new key", async () => {
  server.next.push(signedProblem(mine, "sensor-unknown"), dropReply);
  expect((await enroll("--replace")).exitCode).toBe(4);
  expect(kept()).toBe(true);
  const first = server.received.at(-1)?.keyid;
  server.next.push(signedProblem(mine, "sensor-unknown"));
  expect((await enroll("--replace")).exitCode).toBe(0);
  expect(server.received.at(-1)?.keyid).toBe(first!);
});

test("discards the new key of an earlier attempt if the server rejects it", async () => {
  server.next.push(signedProblem(mine, "sensor-unknown"), dropReply);
  await enroll("--replace");
  const spent = server.received.at(-1)?.keyid;
  server.next.push(signedProblem(mine, "sensor-unknown"), problem("state-conflict"));
  expect((await enroll("--replace")).exitCode).toBe(0);
  expect(server.received.at(-2)?.keyid).toBe(spent!);
  expect(server.received.at(-1)?.keyid).not.toBe(spent!);
});

test("rejects a server at another address unless --replace is given", async () => {
  await using elsewhere = await startTestServer();
  elsewhere.world.tokenCheck = { reEnrollLost: "always" };
  const command = ["enroll", "--server", elsewhere.url, "--state", state, ...ARGS];
  const refused = await runCommandLine(command, { stdin: TOKEN });
  expect(refused.exitCode).toBe(5);
  expect(refused.stderr).toContain(`this host is already enrolled with ${server.url} as ${OLD_ID}`);
  expect(elsewhere.received).toEqual([]);
  expect(kept()).toBe(true);
  expect((await runCommandLine([...command, "--replace"], { stdin: TOKEN })).exitCode).toBe(0);
  expect(JSON.parse(readFileSync(identityPath(state), "utf8"))).toMatchObject({
    server: elsewhere.url,
    sensorId: SENSOR_ID,
  });
});

test("a running sensor continues as the new sensor within seconds", async () => {
  server.next.push(signedProblem(mine, "sensor-unknown"));
  const running = startCommand(["run", "--state", state]);
  const log = running.stderr.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
  let text = "";
  const until = async (pattern: RegExp) => {
    while (!pattern.test(text)) {
      const { value, done } = await log.next();
      if (done) throw new Error(`ended with ${text}`);
      text += value;
    }
  };
  await until(/unknown to server: .*; next in \d+ s/);
  server.next.push(signedProblem(mine, "sensor-unknown"));
  expect((await enroll("--replace")).exitCode).toBe(0);
  await until(/checked in; sent/);
  expect(server.received.at(-1)?.keyid).toBe(SENSOR_ID);
  running.kill("SIGTERM");
  expect(await running.exited).toBe(0);
});
