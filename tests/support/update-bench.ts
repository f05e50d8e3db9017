// An installed sensor on a host with systemd, a server that offers it releases, and programs of several
// versions: good ones, compiled with the root keys of the test, and bad ones, which are shell scripts.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { UpdateReport } from "@attacklens/protocol/updates.ts";
import { compile, SENSOR } from "../../harness/build.ts";
import type { DebianRelease } from "../../harness/debian-tree.ts";
import { makePublisher, type PublishedRelease, type Publisher } from "../../harness/publisher.ts";
import { waitUntil } from "../../harness/wait-until.ts";
import { openInstallation } from "./installation.ts";
import { type OfferingServer, openOfferingServer } from "./offering-server.ts";
import { createToken } from "./sensors.ts";
import { openSystemdHost, type SystemdHost } from "./systemd-host.ts";

export const STATE = "/var/lib/attacklens-sensor";
const UNITS = "etc/systemd/system";
type Attempt = NonNullable<UpdateReport["attempt"]>;

export interface UpdateBench extends AsyncDisposable {
  host: SystemdHost;
  server: OfferingServer;
  publisher: Publisher;
  /** Returns the path of a good program. Compiles it once. */
  good(version: string): Promise<string>;
  /** Returns the path of a program that prints its version, and runs the shell text as the sensor. */
  bad(version: string, run: string): string;
  /** Signs the release with the next counter, serves it and offers it. */
  offer(release: Omit<PublishedRelease, "counter"> & { attempt?: number; counter?: number }): void;
  /** Offers a good release of that version. */
  offerGood(version: string): Promise<void>;
  /** Waits until the sensor reports the version in that state. */
  waitForState(version: string, state: Attempt["state"]): Promise<Attempt>;
  /** Waits until the service runs the version as the stable one, and the server has heard of it since. */
  waitForStable(version: string): Promise<void>;
  linkOf(name: "stable" | "trial" | "previous"): Promise<string | undefined>;
  /** Adds settings to both units, from their next start on. */
  configure(name: string, text: string): Promise<void>;
  show(unit: "attacklens-sensor" | "attacklens-sensor-trial", property: string): Promise<string>;
  /** The log of the sensor since the boot. */
  log(): Promise<string>;
}

/**
 * Installs the first version. `limit`: how long a trial may take. `adapt`: returns the host with another
 * service manager than systemd.
 */
export async function openUpdateBench(
  release: DebianRelease,
  first: string,
  { limit = "50min", adapt }: { limit?: string; adapt?: (host: SystemdHost) => Promise<SystemdHost> } = {},
): Promise<UpdateBench> {
  await using opening = new AsyncDisposableStack();
  const installation = opening.use(await openInstallation({ database: "sqlite", checkInIntervalSeconds: 1 }));
  const server = opening.use(await openOfferingServer(installation.server.url));
  const publisher = makePublisher();
  const programs = join(installation.folder, "programs");
  const compiled = new Map<string, Promise<string>>();
  let counter = 1;

  function pathOf(version: string, name: string): string {
    mkdirSync(join(programs, version), { recursive: true });
    return join(programs, version, name);
  }
  async function compileGood(version: string): Promise<string> {
    const path = pathOf(version, SENSOR.name);
    await compile(SENSOR, { path, commit: "test", release: version, rootKeys: publisher.rootKeys });
    return path;
  }

  // While the host boots.
  const firstProgram = compileGood(first);
  firstProgram.catch(() => {});
  compiled.set(first, firstProgram);
  const booted = opening.use(await openSystemdHost(release));
  const host = adapt ? opening.use(await adapt(booted)) : booted;
  const writeDropIn = (unit: string, name: string, text: string) => {
    const folder = join(host.root, UNITS, `${unit}.service.d`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${name}.conf`), `[Service]\n${text}\n`);
  };
  writeDropIn("attacklens-sensor-trial", "limit", `RuntimeMaxSec=${limit}`);
  writeDropIn("attacklens-sensor", "restart", "RestartSec=1");

  async function isRunning(): Promise<boolean> {
    if (!adapt) return (await bench.show("attacklens-sensor", "ActiveState")) === "active";
    return (await host.run(["attacklens-sensor", "service", "status"])).code === 0;
  }
  const bench: Omit<UpdateBench, typeof Symbol.asyncDispose> = {
    ...{ host, server, publisher },
    good(version) {
      const begun = compiled.get(version) ?? compileGood(version);
      compiled.set(version, begun);
      return begun;
    },
    bad(version, run) {
      const path = pathOf(version, "bad");
      const build = { program: "attacklens-sensor", version, writesStateVersions: [1] };
      const text = `#!/bin/sh\nif [ "$1" = version ]; then echo '${JSON.stringify(build)}'; exit; fi\n${run}\n`;
      writeFileSync(path, text, { mode: 0o755 });
      return path;
    },
    offer({ attempt = 1, ...published }) {
      const { version, program } = published;
      const signed = publisher.sign({ counter: counter++, ...published });
      server.releases.set(version, { release: signed, program });
      server.offer = { version, attempt };
    },
    async offerGood(version) {
      bench.offer({ version, program: await bench.good(version) });
    },
    async waitForState(version, state) {
      const since = Date.now();
      return await waitUntil(`the sensor reports ${version} as ${state}`, () => {
        const reported = server.checkIns.filter(({ at }) => at >= since).map(({ update }) => update?.attempt);
        return reported.find((attempt) => attempt?.version === version && attempt.state === state);
      });
    },
    async waitForStable(version) {
      await waitUntil(`${version} is stable and runs`, async () => {
        const isStable = (await bench.linkOf("stable")) === version;
        return isStable && (await isRunning());
      });
      const since = Date.now();
      await waitUntil(`${version} checks in`, () =>
        server.checkIns.some((one) => one.version === version && one.at >= since),
      );
    },
    async linkOf(name) {
      const { code, stdout } = await host.run(["readlink", `${STATE}/versions/${name}`]);
      return code === 0 ? stdout.trim() : undefined;
    },
    async configure(name, text) {
      for (const unit of ["attacklens-sensor", "attacklens-sensor-trial"]) writeDropIn(unit, name, text);
      await host.run(["systemctl", "daemon-reload"]);
    },
    async show(unit, property) {
      return (await host.run(["systemctl", "show", "-P", property, unit])).stdout.trim();
    },
    async log() {
      const units = ["-u", "attacklens-sensor", "-u", "attacklens-sensor-trial"];
      return (await host.run(["journalctl", "-b", "--no-pager", "-o", "cat", ...units])).stdout;
    },
  };
  host.put(await bench.good(first), "/opt/attacklens-sensor");
  const token = await createToken(await installation.createSuperAdmin(), "Updated");
  const install = ["/opt/attacklens-sensor", "install", "--server", server.url, "--token", "-"];
  const { code, stderr } = await host.run(install, { stdin: token.value });
  if (code !== 0) throw new Error(stderr);
  const opened = opening.move();
  return { ...bench, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}
