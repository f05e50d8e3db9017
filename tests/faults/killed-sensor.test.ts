// Kills the built sensor with SIGKILL while it enrolls: before the server receives its request, and before it
// receives the reply.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { getEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { listSensors } from "@attacklens/protocol/sensors.ts";
import { programPath, SENSOR } from "../../harness/build.ts";
import { runSensor } from "../../harness/programs.ts";
import { openInstallation } from "../support/installation.ts";
import { createToken, reportOnce } from "../support/sensors.ts";

/** Opens a proxy in front of the server. It calls `onRequest` and `onReply` while the sensor waits. */
function openProxy(server: string) {
  const hooks = { onRequest: () => {}, onReply: () => {} };
  const proxy = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      hooks.onRequest();
      const { pathname } = new URL(request.url);
      const body = await request.arrayBuffer();
      const reply = await fetch(server + pathname, {
        method: request.method,
        headers: request.headers,
        body,
      });
      const text = await reply.text();
      hooks.onReply();
      return new Response(text, { status: reply.status, headers: { "content-type": "application/json" } });
    },
  });
  return {
    url: `http://127.0.0.1:${proxy.port}`,
    hooks,
    [Symbol.asyncDispose]: () => proxy.stop(true),
  };
}

for (const moment of ["onRequest", "onReply"] as const) {
  test(`a sensor killed ${moment === "onRequest" ? "before the server receives its request" : "before it reads the reply"} is enrolled once after a restart`, async () => {
    await using installation = await openInstallation({ database: "sqlite" });
    await using proxy = openProxy(installation.server.url);
    const ada = await installation.createSuperAdmin();
    const { id, value } = await createToken(ada, "Killed");
    const stateDir = join(installation.folder, "sensor");
    const args = ["enroll", "--server", proxy.url, "--token", "-", "--state", stateDir];

    const doomed = Bun.spawn([programPath(SENSOR), ...args], {
      stdin: Buffer.from(value),
      stdout: "ignore",
      stderr: "ignore",
    });
    proxy.hooks[moment] = () => doomed.kill("SIGKILL");
    await doomed.exited;
    expect(doomed.signalCode).toBe("SIGKILL");
    proxy.hooks[moment] = () => {};

    const second = await runSensor(args, { stdin: value });
    expect({ code: second.code, stderr: second.stderr }).toEqual({ code: 0, stderr: "" });
    const { items } = await ada.call(listSensors);
    expect(items).toHaveLength(1);
    expect(second.stdout).toContain(items[0]!.id);
    const token = await ada.call(getEnrollmentToken, { params: { id } });
    expect(token).toMatchObject({ enrolledSensors: 1, refusedAttempts: 0 });
    const reporting = await reportOnce(stateDir);
    expect({ code: reporting.code, stderr: reporting.stderr }).toEqual({ code: 0, stderr: "" });
  });
}
