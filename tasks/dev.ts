// npm run dev: server, console and one sensor on throw-away data; a change of their sources builds and restarts what it touches.
import { mkdtempSync, rmSync, watch } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "../harness/build.ts";
import { createSuperAdmin, enrollThisMachine } from "../harness/first-day.ts";
import { type RunningProgram, startSensor, startServer } from "../harness/programs.ts";
import { progress, ROOT, runTask } from "../harness/terminal.ts";

const WATCHED = ["protocol", "server", "console", "sensor"];
const SETTLE_MS = 150;

await runTask("dev", async (opened) => {
  await build();
  const folder = mkdtempSync(join(tmpdir(), "attacklens-dev-"));
  opened.defer(() => rmSync(folder, { recursive: true, force: true }));
  const dataDir = join(folder, "server");
  const stateDir = join(folder, "sensor");
  const logFile = join(folder, "server.log");
  const first = await startServer({ dataDir, logFile });
  const running: { server: RunningProgram; sensor?: RunningProgram } = { server: first };
  opened.defer(async () => void (await Promise.all([running.server.stop(), running.sensor?.stop()])));
  const person = await createSuperAdmin(first, dataDir);
  await enrollThisMachine(first, person.session, stateDir, "Development");
  running.sensor = startSensor({ stateDir, logFile: join(folder, "sensor.log") });
  console.log(`
  Console    ${first.url}
  E-mail     ${person.email}
  Password   ${person.password}
  Logs       ${folder}/*.log
`);
  const sourcesChanged = watchSources();
  for (;;) {
    await sourcesChanged();
    try {
      await build();
      await Promise.all([running.server.stop(), running.sensor.stop()]);
      const listen = new URL(first.url).host;
      running.server = await startServer({ dataDir, logFile, listen });
      running.sensor = startSensor({ stateDir, logFile: join(folder, "sensor.log") });
      progress("restarted: reload the page");
    } catch (error) {
      console.error((error as Error).message);
    }
  }
});

/** Gives a function that resolves once a file has changed since it last resolved, and none has for a moment. */
function watchSources(): () => Promise<void> {
  let settling: Timer | undefined;
  let change = Promise.withResolvers<void>();
  for (const name of WATCHED) {
    watch(join(ROOT, name), { recursive: true }, () => {
      clearTimeout(settling);
      settling = setTimeout(() => change.resolve(), SETTLE_MS);
    });
  }
  return async () => {
    await change.promise;
    change = Promise.withResolvers();
  };
}
