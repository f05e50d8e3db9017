// npm run demo: sets up an installation on this machine, waits for the first inventory, and runs until
// Ctrl-C. With --exit, it stops after the first inventory, and its last line is JSON. With --data DIR, it
// keeps the database, the logs and the sensor's identity in DIR.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Category } from "@attacklens/protocol/inventory/categories.ts";
import { build } from "../harness/build.ts";
import {
  createSuperAdmin,
  enrollThisMachine,
  findEnrolledServer,
  type User,
  waitForInventory,
} from "../harness/first-day.ts";
import { lastLines, type RunningServer, startSensor, startServer } from "../harness/programs.ts";
import { openTemporaryFolder } from "../harness/temporary-folder.ts";
import { callerPath, elapsedMs, progress, runTask, TaskError } from "../harness/terminal.ts";

type SensorReport = Awaited<ReturnType<typeof waitForInventory>>;

const COUNTED: Category[] = ["packages", "services", "ports", "users"];

await runTask("demo", async (opened) => {
  const { values } = parseArgs({ options: { exit: { type: "boolean" }, data: { type: "string" } } });
  await build();
  const folder =
    values.data === undefined ? opened.use(openTemporaryFolder("demo")).path : callerPath(values.data);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const dataDir = join(folder, "server");
  const stateDir = join(folder, "sensor");
  const serverLog = join(folder, "server.log");
  const sensorLog = join(folder, "sensor.log");

  progress("starting the server on an embedded database");
  // A sensor keeps the address that it enrolled with.
  const enrolledServer = await findEnrolledServer(stateDir);
  const listen = enrolledServer && new URL(enrolledServer).host;
  const server = opened.use(await startServer({ dataDir, logFile: serverLog, listen }));
  progress(`the server is listening on ${server.url}; creating a Super Admin`);
  const user = await createSuperAdmin(server, dataDir);
  if (enrolledServer) progress("the sensor is already enrolled");
  else {
    progress("creating an enrollment token and enrolling the sensor");
    await enrollThisMachine(server, user.session, stateDir, "Demo");
  }
  progress("starting the sensor and waiting for its first inventory");
  const sensor = opened.use(startSensor({ stateDir, logFile: sensorLog }));
  const sensorEnded = sensor.exited.then((code) => {
    throw new TaskError(`The sensor exited with code ${code}:\n${lastLines(sensorLog)}`);
  });
  const serverEnded = server.exited.then((code) => {
    throw new TaskError(`The server exited with code ${code}:\n${lastLines(serverLog)}`);
  });
  const ended = Promise.race([sensorEnded, serverEnded]);
  const report = await Promise.race([waitForInventory(server.url, user.session), ended]);
  progress("received the first inventory");
  printSummary(server, user, report);

  if (values.exit) {
    console.log(JSON.stringify(resultOf(server, report)));
    return 0;
  }
  console.log(
    values.data === undefined
      ? "Press Ctrl-C to stop the demo and delete its data."
      : `Press Ctrl-C to stop the demo. Its data stays in ${folder}.`,
  );
  return await ended;
});

function printSummary(server: RunningServer, user: User, sensor: SensorReport): void {
  const counts = sensor.inventory.map(({ category, status, items, reason }) => {
    const result = status === "collected" ? items : `${status}${reason ? `: ${reason}` : ""}`;
    return `    ${category.padEnd(12)} ${result}`;
  });
  console.log(`
  Console    ${server.url}
  Email      ${user.email}
  Password   ${user.password}

  Sensor     ${sensor.hostname}, ${osOf(sensor)}, ${sensor.architecture}, ${sensor.status}
${counts.join("\n")}
`);
}

function resultOf(server: RunningServer, sensor: SensorReport) {
  const items = (category: Category) =>
    sensor.inventory.find((part) => part.category === category)?.items ?? 0;
  return {
    url: server.url,
    tokenId: sensor.enrolledBy.id,
    sensorId: sensor.id,
    hostname: sensor.hostname,
    os: osOf(sensor),
    ...Object.fromEntries(COUNTED.map((category) => [category, items(category)])),
    elapsedMs: elapsedMs(),
  };
}

function osOf(sensor: SensorReport): string {
  return `${sensor.os.name} ${sensor.os.version}`.trim();
}
