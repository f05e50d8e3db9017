import { waitUntil } from "../../harness/wait-until.ts";
import type { SystemdHost } from "./systemd-host.ts";

/**
 * Resolves when the sensor's status is that it is connected. The server shows a sensor as online earlier:
 * before the sensor has its reply.
 */
export async function waitForConnected(host: SystemdHost): Promise<void> {
  await waitUntil("the status of the sensor is connected", async () => {
    const { code, stdout } = await host.run(["attacklens-sensor", "status"]);
    return code === 0 && /^State +connected$/m.test(stdout);
  });
}
