// npm run dev: runs the server, the console and one sensor from their sources, with throwaway data. An edit
// of the console shows in the open page. An edit of the server or the sensor restarts only that program. An
// edit of protocol/ restarts both. An edit of a test restarts nothing.
import { existsSync, statSync, watch } from "node:fs";
import { join } from "node:path";
import { createSuperAdmin, enrollThisMachine } from "../harness/first-day.ts";
import { findFreePort } from "../harness/free-port.ts";
import {
  FROM_SOURCE,
  lastLines,
  type RunningProgram,
  startSensor,
  startServer,
} from "../harness/programs.ts";
import { openTemporaryFolder } from "../harness/temporary-folder.ts";
import { progress, ROOT, runTask } from "../harness/terminal.ts";
import { openDevConsole } from "./dev-console.ts";

type Program = "server" | "sensor";

/** The programs that contain the files of a folder. Vite handles edits of the console. */
const PROGRAMS_OF: Record<string, Program[]> = {
  protocol: ["server", "sensor"],
  server: ["server"],
  sensor: ["sensor"],
};
/** Editors write a file in several steps. */
const SETTLE_MS = 50;

await runTask("dev", async (opened) => {
  const folder = opened.use(openTemporaryFolder("dev")).path;
  const [dataDir, stateDir] = [join(folder, "server"), join(folder, "sensor")];
  const [serverLog, sensorLog] = [join(folder, "server.log"), join(folder, "sensor.log")];
  const listen = `127.0.0.1:${await findFreePort()}`;
  const site = await openDevConsole(`http://${listen}`);
  opened.defer(() => site.close());
  const start = {
    // Browsers use the address of the console, and the server rejects requests with another origin.
    server: () =>
      startServer({
        program: FROM_SOURCE.server,
        dataDir,
        logFile: serverLog,
        listen,
        environment: { ATTACKLENS_PUBLIC_URL: site.origin, ATTACKLENS_CHECK_IN_INTERVAL: "5" },
      }),
    sensor: async () => startSensor({ program: FROM_SOURCE.sensor, stateDir, logFile: sensorLog }),
  };
  progress("starting the server from its sources");
  const first = await start.server();
  const running: Record<Program, RunningProgram | undefined> = { server: first, sensor: undefined };
  opened.defer(async () => void (await Promise.all([running.sensor?.stop(), running.server?.stop()])));
  const user = await createSuperAdmin(first, dataDir);
  progress("enrolling the sensor");
  await enrollThisMachine(first, user.session, stateDir, "Development", FROM_SOURCE.sensor);
  running.sensor = await start.sensor();
  console.log(`
  Console    ${site.origin}
  API        ${first.url}
  Email      ${user.email}
  Password   ${user.password}
  Logs       ${serverLog}
             ${sensorLog}
`);
  progress("ready: edits show immediately");
  const changed = watchSources();
  for (;;) {
    for (const program of await changed()) {
      const startedAt = performance.now();
      await running[program]?.stop();
      try {
        running[program] = await start[program]();
        progress(`restarted the ${program} in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
      } catch (error) {
        running[program] = undefined;
        console.error(`${(error as Error).message}\n${lastLines(serverLog, 5)}`);
      }
    }
  }
});

/** Returns a function that resolves with the programs whose sources have changed since it last resolved. */
function watchSources(): () => Promise<Program[]> {
  const changed = new Set<Program>();
  let settling: Timer | undefined;
  let change = Promise.withResolvers<void>();
  for (const [folder, programs] of Object.entries(PROGRAMS_OF)) {
    const seen = new Map<string, number>();
    watch(join(ROOT, folder), { recursive: true }, (_event, name) => {
      if (name === null || !isSource(name)) return;
      const path = join(ROOT, folder, name);
      // Some systems also report that a file was read.
      const modified = existsSync(path) ? statSync(path).mtimeMs : 0;
      if (seen.get(name) === modified) return;
      seen.set(name, modified);
      for (const program of programs) changed.add(program);
      clearTimeout(settling);
      settling = setTimeout(() => change.resolve(), SETTLE_MS);
    });
  }
  return async () => {
    await change.promise;
    change = Promise.withResolvers();
    const programs = [...changed];
    changed.clear();
    return programs;
  };
}

/** False for tests and the code that only tests use: no program contains them. */
function isSource(name: string): boolean {
  return (
    /\.(ts|tsx|sql|json)$/.test(name) && !/\.test\.tsx?$|(^|\/)(testing|testdata|node_modules)\//.test(name)
  );
}
