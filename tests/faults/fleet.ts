// Injects faults into a fleet: sensors on separate hosts, and two servers with one PostgreSQL behind a load
// balancer. For a given time, it kills and stops servers, pulls cables, kills sensors and adds users. The
// seed determines each fault, its target and its duration. Afterwards, nothing may be lost or duplicated.
// fleet.test.ts starts this program in the namespace of the hosts' switch. It prints its results as JSON.
import { cpSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { completeSetup } from "@attacklens/protocol/account.ts";
import { getConnection } from "@attacklens/protocol/connection.ts";
import { createEnrollmentToken, getEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import type { Route, RouteRequest } from "@attacklens/protocol/route.ts";
import { listSensorInventory } from "@attacklens/protocol/sensor-inventory.ts";
import { blockSensor, listSensors, unblockSensor } from "@attacklens/protocol/sensors.ts";
import { SQL } from "bun";
import { call, type Session } from "../../harness/api-client.ts";
import { openTestPostgres } from "../../harness/postgres.ts";
import { type RunningServer, startServer } from "../../harness/programs.ts";
import { seededRandom } from "../../harness/seeded-random.ts";
import { openTemporaryFolder } from "../../harness/temporary-folder.ts";
import { waitUntil } from "../../harness/wait-until.ts";
import { type Host, openHosts, SWITCH_ADDRESS } from "../support/hosts.ts";
import { openTcpRelay } from "../support/tcp-relay.ts";

const { values } = parseArgs({
  options: {
    switch: { type: "string" },
    hosts: { type: "string" },
    seconds: { type: "string" },
    seed: { type: "string" },
  },
});
const [hostCount, seconds, seed] = [Number(values.hosts), Number(values.seconds), Number(values.seed)];
const INTERVAL_SECONDS = 4;
const SETTLED_WITHIN_MS = 120_000;
const SEEN_WITHIN_MS = 30_000;
const BALANCER_PORT = 8443;
const UNEXPECTED = /failed unexpectedly|TypeError|ReferenceError/;

interface Member {
  host: Host;
  sensor: Bun.Subprocess | undefined;
  /** Open for appending. */
  log: number;
  /** The users that were added to the host, in order. */
  added: string[];
  busy: boolean;
}

const random = seededRandom(seed);
const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
const log = (text: string) => process.stderr.write(`${new Date().toISOString()} ${text}\n`);

async function main() {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(openTemporaryFolder("fleet")).path;
  const postgres = stack.use(await openTestPostgres());
  const hosts = stack.use(openHosts(`${values.switch}`, folder));
  const everyone: Member[] = [];
  const addMember = (): Member => {
    const host = hosts.add(everyone.length + 1);
    const log = openSync(host.logFile, "a");
    everyone.push({ host, log, sensor: undefined, added: [], busy: false });
    return everyone.at(-1)!;
  };
  const members = Array.from({ length: hostCount }, addMember);

  const running: (RunningServer | undefined)[] = [undefined, undefined];
  const start = async (index: number) => {
    running[index] = await startServer({
      dataDir: join(folder, `server-${index}`),
      logFile: join(folder, `server-${index}.log`),
      listen: `127.0.0.1:${18_080 + index}`,
      databaseUrl: postgres.url,
      environment: {
        ATTACKLENS_SECRET: "a secret that all servers of this fleet share",
        ATTACKLENS_SENSOR_LISTEN: `${SWITCH_ADDRESS}:${19_080 + index}`,
        ATTACKLENS_SENSOR_URL: `https://${SWITCH_ADDRESS}:${BALANCER_PORT}`,
        ATTACKLENS_CHECK_IN_INTERVAL: String(INTERVAL_SECONDS),
      },
    });
  };
  stack.defer(async () => {
    for (const server of running) await server?.stop();
    for (const { sensor } of everyone) sensor?.kill("SIGKILL");
  });
  await start(0);
  // The number of connections varies between runs, and must not change the faults.
  const balancerRandom = seededRandom(seed + 1);
  const findServer = () => {
    const ports = running.flatMap((server, index) => (server ? 19_080 + index : []));
    const port = ports[Math.floor(balancerRandom() * ports.length)];
    return port === undefined ? undefined : { host: SWITCH_ADDRESS, port };
  };
  stack.use(await openTcpRelay(findServer, { host: SWITCH_ADDRESS, port: BALANCER_PORT }));

  const ada: Session = {};
  const api = <R extends Route>(route: R, request: Partial<RouteRequest<R>> = {}) =>
    call(running.find(Boolean)!.url, route, request, ada);
  const code = new URL(running[0]!.setupLink!).hash.slice("#code=".length);
  const user = { name: "Ada", email: "ada@example.com", password: "violet tractor swims 42" };
  await api(completeSetup, { body: { code, ...user } });
  await start(1);
  const { value, enrollmentToken } = await api(createEnrollmentToken, {
    body: { name: "Fleet", scope: { type: "all-assets" }, expiresAt: null, maxEnrollments: hostCount },
  });
  const { caPin } = await api(getConnection);
  const until = Date.now() + seconds * 1000;

  const spawn = (member: Member, args: string[], stdin = "") =>
    Bun.spawn(member.host.command(args), {
      stdin: Buffer.from(stdin),
      stdout: "ignore",
      stderr: member.log,
    });
  const problems: string[] = [];
  const run = (member: Member) => {
    const sensor = spawn(member, ["run", "--state", member.host.stateDir]);
    member.sensor = sensor;
    void sensor.exited.then((exit) => {
      if (member.sensor === sensor)
        problems.push(`${member.host.name}: the sensor exited unexpectedly with code ${exit}`);
    });
  };
  const enrolling = members.map(async (member) => {
    const url = `https://${SWITCH_ADDRESS}:${BALANCER_PORT}`;
    const args = ["enroll", "--server", url, "--ca-pin", `${caPin}`, "--token", "-", "--wait", "600"];
    for (let tries = 1; ; tries++) {
      const exit = await spawn(member, [...args, "--state", member.host.stateDir], value).exited;
      if (exit === 0) break;
      if (tries === 5)
        return problems.push(`${member.host.name}: enroll failed five times, with code ${exit}`);
    }
    run(member);
    log(`${member.host.name} is enrolled`);
    return 0;
  });

  const counts: Record<string, number> = {};
  /**
   * Each fault takes its random numbers before it begins, so that its duration does not change the next
   * faults.
   */
  const faults: Record<string, () => () => Promise<void> | void> = {
    "server killed": () => stopServer("kill"),
    "server stopped": () => stopServer("stop"),
    "cable pulled"() {
      const [member, lastsMs] = [pick(members), random() * 12_000];
      return async () => {
        if (member.busy) return;
        member.busy = true;
        member.host.pullCable();
        await Bun.sleep(lastsMs);
        member.host.plugCable();
        member.busy = false;
      };
    },
    "sensor killed"() {
      const member = pick(members);
      return async () => {
        if (!member.sensor || member.busy) return;
        const sensor = member.sensor;
        member.sensor = undefined;
        // ip(8), which started the sensor, has replaced itself with it, so this kills the sensor.
        sensor.kill("SIGKILL");
        await sensor.exited;
        run(member);
      };
    },
    "user added"() {
      const member = pick(members);
      return () => {
        const user = `added-${member.added.length + 1}`;
        member.host.addUser(user);
        member.added.push(user);
      };
    },
  };
  function stopServer(how: "kill" | "stop") {
    const [index, lastsMs] = [pick([0, 1]), random() * 8_000];
    return async () => {
      const server = running[index];
      if (!server) return;
      running[index] = undefined;
      if (how === "kill") process.kill(server.pid, "SIGKILL");
      await server.stop();
      await Bun.sleep(lastsMs);
      await start(index);
    };
  }
  const pending: Promise<void>[] = [];
  while (Date.now() < until) {
    const name = pick(Object.keys(faults));
    const [happen, pauseMs] = [faults[name]!(), 400 + random() * 800];
    counts[name] = (counts[name] ?? 0) + 1;
    pending.push(
      Promise.resolve(happen()).catch((error) => {
        problems.push(`${name}: ${error}`);
      }),
    );
    await Bun.sleep(pauseMs);
  }
  await Promise.all([...pending, ...enrolling]);
  log(`faults are over: ${JSON.stringify(counts)}`);

  const sensors = async () => (await api(listSensors, { query: { limit: 200 } })).items;
  const users = async (id: string) => {
    const query = { q: "added-", limit: 1_000 };
    const { items } = await api(listSensorInventory, { params: { id, category: "users" }, query });
    return items
      .flatMap((item) => ("name" in item ? (item.name ?? []) : []))
      .filter((name) => /^added-\d+$/.test(name));
  };
  const unsettled = async () => {
    const listed = await sensors();
    const missing: string[] = [];
    for (const { host, added } of members) {
      const sensor = listed.find(({ hostname }) => hostname === host.name);
      if (sensor?.status !== "online") missing.push(`${host.name} is ${sensor?.status ?? "missing"}`);
      else if ((await users(sensor.id)).length !== added.length) missing.push(`${host.name} lacks a user`);
    }
    return missing;
  };
  let missing: string[] = [];
  const isSettled = async () => {
    missing = await unsettled();
    return missing.length === 0;
  };
  await waitUntil("the fleet settles", isSettled, SETTLED_WITHIN_MS).catch(() => problems.push(...missing));

  const listed = await sensors();
  const token = await api(getEnrollmentToken, { params: { id: enrollmentToken.id } });
  if (listed.length !== hostCount) problems.push(`${listed.length} sensors of ${hostCount} hosts`);
  if (token.enrolledSensors !== hostCount) problems.push(`the token counts ${token.enrolledSensors} uses`);
  await using sql = new SQL(postgres.url, { max: 1 });
  let reports = 0;
  for (const { id, hostname } of listed) {
    const rows = await sql`select m.item_count as items from (
        select sensor_id, category, manifest_id, reported_at from inventory_history
        union all
        select sensor_id, category, manifest_id, reported_at from sensor_inventory) h
      join inventory_manifest m on m.id = h.manifest_id
      where h.sensor_id = ${id} and h.category = 'users' order by h.reported_at`;
    const items = rows.map((row: { items: number }) => Number(row.items));
    reports += items.length;
    // Users were only added, so a count that does not increase reveals a report out of order or a duplicate.
    if (items.some((count: number, index: number) => index > 0 && count <= items[index - 1]!))
      problems.push(`${hostname}: its users were reported as ${items.join(", ")}`);
  }

  // A clone: another host with the identity of one sensor. The server must detect it within two intervals,
  // and the original must not change.
  const original = members.at(-1)!;
  const before = listed.find(({ hostname }) => hostname === original.host.name)!;
  const clone = addMember();
  cpSync(original.host.stateDir, clone.host.stateDir, { recursive: true });
  // The hosts share their processes, so the clone would find the process of this lock running.
  rmSync(join(clone.host.stateDir, "run.lock"), { recursive: true });
  const clonedAt = Date.now();
  run(clone);
  const cloneOf = async () => (await sensors()).find((one) => one.cloneOf?.id === before.id);
  await waitFor(async () => (await cloneOf()) !== undefined, problems, "the clone becomes a separate sensor");
  const noticedMs = Date.now() - clonedAt;
  const shown = await cloneOf();
  if (shown?.hostname !== clone.host.name) problems.push(`the clone is ${shown?.hostname}`);
  if (shown?.status !== "awaiting-approval") problems.push(`the clone is ${shown?.status}`);
  const present = async () => (await sensors()).find(({ id }) => id === before.id);
  for (const nth of ["first", "second"]) {
    const seenAt = (await present())?.lastSeenAt;
    const isSeenAgain = async () => (await present())?.lastSeenAt !== seenAt;
    await waitFor(isSeenAgain, problems, `the original checks in beside its clone for the ${nth} time`);
  }
  const after = await present();
  if (after?.status !== "online" || after.hostname !== original.host.name)
    problems.push(`the original is ${after?.hostname}, ${after?.status}`);

  // A blocked sensor receives the reason with its next request.
  const [blocked] = listed;
  const member = members.find(({ host }) => host.name === blocked!.hostname)!;
  await api(blockSensor, { params: { id: blocked!.id } });
  await waitFor(
    () => readFileSync(member.host.logFile, "utf8").includes("blocked:"),
    problems,
    "the blocked sensor logs that it is blocked",
  );
  await api(unblockSensor, { params: { id: blocked!.id } });

  for (const { host } of everyone)
    if (UNEXPECTED.test(readFileSync(host.logFile, "utf8"))) problems.push(`${host.name}: see its log`);
  for (const index of [0, 1]) {
    const text = readFileSync(join(folder, `server-${index}.log`), "utf8");
    for (const line of text
      .split("\n")
      .filter((one) => /"status":500/.test(one))
      .slice(0, 3))
      problems.push(line);
  }
  process.stdout.write(
    `${JSON.stringify({ seed, hosts: hostCount, seconds, faults: counts, reports, noticedMs, problems })}\n`,
  );
}

async function waitFor(
  isSo: () => boolean | Promise<boolean>,
  problems: string[],
  what: string,
): Promise<void> {
  await waitUntil(what, isSo, SEEN_WITHIN_MS).catch((error: Error) => problems.push(error.message));
}

log(`seed ${seed}: FLEET_SEED=${seed} draws the same faults`);
await main();
