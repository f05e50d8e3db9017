// A real sensor under systemd, updated by the rings of a real server: a good release, one that crashes and
// stops the ring, and the next good one. It compiles three sensors, so it needs LONG_TESTS=1.
import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { getUpdates, listUpdateHosts, updateUpdateRing } from "@attacklens/protocol/update-rings.ts";
import { compile, SENSOR } from "../../harness/build.ts";
import { LONG_TESTS } from "../../harness/long-tests.ts";
import { waitUntil } from "../../harness/wait-until.ts";
import { openInstallation } from "../support/installation.ts";
import { createToken } from "../support/sensors.ts";
import { openServerReleases } from "../support/server-releases.ts";
import { openSystemdHost, whyNoSystemd } from "../support/systemd-host.ts";

const [OLD, NEW, CRASHING, FIXED] = ["2026.11.0", "2026.11.1", "2026.11.2", "2026.11.3"] as const;
const reason = whyNoSystemd();

test.skipIf(reason !== undefined || !LONG_TESTS)(
  "the rings of a server update a sensor, and stop at a release that crashes",
  async () => {
    await using installation = await openInstallation({ database: "sqlite", checkInIntervalSeconds: 1 });
    const ada = await installation.createSuperAdmin();
    const releases = await openServerReleases(installation);
    const at = (name: string) => join(installation.folder, name);

    async function good(version: string): Promise<string> {
      mkdirSync(at(version));
      const path = join(at(version), SENSOR.name);
      await compile(SENSOR, { path, commit: "test", release: version, rootKeys: releases.rootKeys });
      return path;
    }
    const see = async () => (await ada.call(listUpdateHosts)).items[0]!;
    const waitFor = (version: string, state: string) =>
      waitUntil(
        `${version} is ${state}`,
        async () => {
          const { updateVersion, state: present } = await see();
          return updateVersion === version && present === state;
        },
        90_000,
      );

    await using host = await openSystemdHost("bookworm");
    host.put(await good(OLD), "/opt/attacklens-sensor");
    const { value } = await createToken(ada, "Updated");
    const install = [
      "/opt/attacklens-sensor",
      "install",
      "--server",
      installation.server.url,
      "--token",
      "-",
    ];
    expect(await host.run(install, { stdin: value })).toMatchObject({ code: 0 });
    const [ring] = (await ada.call(getUpdates)).rings;
    await ada.call(updateUpdateRing, { params: { id: ring!.id }, body: { canaries: 1, stopAfter: 1 } });

    await releases.add(NEW, await good(NEW));
    await waitFor(NEW, "done");
    expect(await see()).toMatchObject({ version: NEW, method: "self" });

    const build = { program: "attacklens-sensor", version: CRASHING, writesStateVersions: [1] };
    const crashing = `#!/bin/sh\nif [ "$1" = version ]; then echo '${JSON.stringify(build)}'; exit; fi\nexit 7\n`;
    writeFileSync(at("crashing"), crashing, { mode: 0o755 });
    await releases.add(CRASHING, at("crashing"));
    await waitFor(CRASHING, "rolled-back");
    expect(await see()).toMatchObject({ version: NEW, reason: "it ended with exit code 7" });
    expect((await ada.call(getUpdates)).rings).toMatchObject([{ state: "stopped", failures: 1 }]);

    await releases.add(FIXED, await good(FIXED));
    await waitFor(FIXED, "done");
  },
  600_000,
);
