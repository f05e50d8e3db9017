// The services and ports of Debian hosts with a real systemd, compared with systemctl and with what a test
// opened. In the long form only: each host takes ten seconds.
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { programPath, SENSOR } from "../../harness/build.ts";
import { DEBIAN_RELEASES } from "../../harness/debian-tree.ts";
import { LONG_TESTS } from "../../harness/long-tests.ts";
import { waitUntil } from "../../harness/wait-until.ts";
import { openSystemdHost, type SystemdHost, whyNoSystemd } from "../support/systemd-host.ts";

const reason = LONG_TESTS ? whyNoSystemd() : "only in the long form";
const skipped = reason === undefined ? "" : ` (skipped: ${reason})`;
const PROGRAM = "/opt/attacklens-sensor";

const UNITS: Record<string, string> = {
  "broken.service": "[Service]\nExecStart=/bin/false --password=hunter2\n",
  "looping.service": "[Service]\nExecStart=/bin/false\nRestart=always\nRestartSec=1000\n",
  "once.service": "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n",
  "work@.service":
    "[Unit]\nDescription=Work on %i\n[Service]\nExecStart=/usr/bin/tail -f /dev/null\nDynamicUser=yes\n",
  "named.service": "[Service]\nExecStart=/usr/bin/tail -f /dev/null\nUser=1\n",
  "echo.socket": "[Socket]\nListenStream=127.0.0.1:47113\nAccept=yes\n",
  "echo@.service": "[Service]\nExecStart=/bin/cat\nStandardInput=socket\n",
};
const STARTED = ["broken", "looping", "once", "work@one", "work@two-x", "named", "echo.socket"];

interface Service {
  name: string;
  enablement: string;
  state: string;
  [fact: string]: unknown;
}

async function servicesOf(host: SystemdHost, user: string): Promise<Service[]> {
  // As another user than root, other categories fail.
  const { stdout } = await host.run(["setpriv", `--reuid=${user}`, "--clear-groups", PROGRAM, "collect"]);
  expect(stdout).not.toContain("hunter2");
  const { services } = JSON.parse(stdout);
  expect(services).toMatchObject({ status: "collected" });
  return services.items;
}

async function linesOf(host: SystemdHost, command: string): Promise<string[][]> {
  const { stdout } = await host.run([
    "systemctl",
    command,
    "--all",
    "--type=service,socket",
    "--plain",
    "--no-legend",
  ]);
  return stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => line.trim().split(/\s+/));
}

/** The state of the inventory for those of `systemctl list-units`. */
function expectedState(active = "", sub = ""): string {
  if (active === "active") return sub === "exited" ? "exited" : "running";
  return { inactive: "stopped", failed: "failed", activating: "starting" }[active] ?? active;
}

test.skipIf(reason !== undefined).each([...DEBIAN_RELEASES])(
  `on %s, the states and the enablement of services and sockets are those of systemctl${skipped}`,
  async (release) => {
    await using host = await openSystemdHost(release, (root) => {
      for (const [name, text] of Object.entries(UNITS))
        writeFileSync(join(root, "etc/systemd/system", name), text);
    });
    host.put(programPath(SENSOR), PROGRAM);
    for (const unit of STARTED) await host.run(["systemctl", "start", "--no-block", unit]);
    await waitUntil("no unit is about to start, except for the one that waits", async () => {
      const units = await linesOf(host, "list-units");
      return units.filter(([, , active]) => active === "activating").length === 1;
    });
    for (const user of ["0", "65534"]) {
      const services = await servicesOf(host, user);
      const byName = new Map(services.map((service) => [service.name, service]));
      const units = (await linesOf(host, "list-units")).filter(([name = ""]) => byName.has(name));
      expect(units.length).toBeGreaterThan(40);
      const states = units.map(([name = "", , active, sub]) => [name, expectedState(active, sub)]);
      expect(states.map(([name = ""]) => [name, byName.get(name)?.state])).toEqual(states);
      const files = await linesOf(host, "list-unit-files");
      expect(files.map(([name = ""]) => [name, byName.get(name)?.enablement])).toEqual(
        files.map(([name = "", enablement = ""]) => [name, enablement]),
      );
      expect(byName.get("work@two-x.service")).toMatchObject({
        ...{ description: "Work on two-x", state: "running", user: "work", dynamicUser: true },
        command: "/usr/bin/tail",
      });
      expect(byName.get("named.service")).toMatchObject({ user: "daemon", state: "running" });
      expect(byName.get("broken.service")).toMatchObject({ state: "failed", command: "/bin/false" });
      expect(byName.get("looping.service")).toMatchObject({ state: "starting" });
      expect(byName.get("echo.socket")).toMatchObject({ state: "running", listens: ["127.0.0.1:47113"] });
    }
  },
);
