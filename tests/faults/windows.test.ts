// In the long form: the sensor for Windows in wine, with a registry in the layout of a real one. wine has no
// BitLocker, Defender, audit policy and PowerShell, and only an emulation of access lists.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Category } from "@attacklens/protocol/inventory/categories.ts";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import type { Gap } from "@attacklens/protocol/inventory/gaps.ts";
import { getSensor, listSensors } from "@attacklens/protocol/sensors.ts";
import { compile, findCommit, SENSOR } from "../../harness/build.ts";
import { LONG_TESTS } from "../../harness/long-tests.ts";
import { ROOT } from "../../harness/terminal.ts";
import { openInstallation } from "../support/installation.ts";
import { createToken } from "../support/sensors.ts";
import { openWineHost, type WineHost, whyNoWine } from "../support/wine-host.ts";

const TIMEOUT_MS = 600_000;
const reason = LONG_TESTS ? whyNoWine() : "only in the long form";
const skipped = reason === undefined ? "" : ` (skipped: ${reason})`;
const PROGRAM = "attacklens-sensor.exe";
let host: WineHost;

type Collected = { [C in Category]: { status: string; items: Item<C>[]; gaps?: Gap[] } };

beforeAll(async () => {
  if (reason !== undefined) return;
  host = await openWineHost();
  const program = join(host.share, PROGRAM);
  await compile(SENSOR, { path: program, target: "windows-x64", commit: await findCommit() });
  chmodSync(program, 0o755);
}, TIMEOUT_MS);
afterAll(() => host?.[Symbol.dispose]());

test.skipIf(reason !== undefined)(
  `collects the registry of Windows 11${skipped}`,
  async () => {
    const reg = readFileSync(join(ROOT, "sensor/testdata/windows/windows-11.reg"), "utf8");
    writeFileSync(join(host.share, "w.reg"), Buffer.from(`\ufeff${reg.replaceAll("\n", "\r\n")}`, "utf16le"));
    // wine forgets the registry of other users when it ends.
    const { code, stdout } = await host.run(["cmd", "/c", `reg import w.reg && ${PROGRAM} collect`]);
    expect(code).toBe(0);
    const collected = JSON.parse(stdout.slice(stdout.indexOf('{\n  "packages"'))) as Collected;
    const names = collected.packages.items.map(({ name, version }) => `${name} ${version}`);
    expect(names).toContain("7-Zip 23.01 (x64) 23.01");
    expect(names).toContain("7-Zip 19.00 19.00");
    expect(names).toContain("Программа Ü 12");
    expect(names).toContain("Editor (User) 1.85.1");
    expect(names).toContain("Notes for one user 2.0.0");
    expect(names).toContain("KB5034441 19041.3920.1.0");
    expect(names).toContain("Microsoft.WindowsTerminal 1.18.3181.0");
    const services = new Map(collected.services.items.map((item) => [item.name, item]));
    expect(services.get("BackupAgent")).toMatchObject({
      command: "C:\\Program Files\\Backup Agent\\bin\\agent.exe",
      enablement: "automatic-delayed",
      user: "svc-backup",
    });
    // wine runs this one itself.
    expect(services.get("RpcSs")).toMatchObject({ state: "running" });
    const settings = new Map(collected.security.items.map(({ key, value }) => [key, value]));
    expect(settings.get("firewall/public/EnableFirewall")).toBe("1");
    expect(settings.get("remote-access/rdp/UserAuthentication")).toBe("0");
    expect(collected.security.gaps?.map(({ subject }) => subject)).toEqual([
      "audit policy",
      "powershell.exe",
    ]);
    expect(collected.system.items.find(({ key }) => key === "os")).toMatchObject({
      name: "Windows 11 Pro",
      version: "10.0.22631.3007",
    });
    expect(collected.users.items.find(({ key }) => key === "user:root")).toMatchObject({
      sid: "S-1-5-21-0-0-0-1000",
      canLogIn: true,
    });
    expect(collected.users.items.find(({ key }) => key === "group:Administrators")).toMatchObject({
      sid: "S-1-5-32-544",
      privileges: [{ source: "group", group: "Administrators" }],
    });
    for (const category of ["network", "hardware", "jobs", "ports"] as const)
      expect([category, collected[category].status]).toEqual([category, "collected"]);
    expect(JSON.stringify(collected)).not.toContain("PLANTED");
  },
  TIMEOUT_MS,
);

test.skipIf(reason !== undefined)(
  `only its own user can read the key of a sensor that enrolls, and reports${skipped}`,
  async () => {
    await using installation = await openInstallation({ database: "sqlite" });
    const ada = await installation.createSuperAdmin();
    const { value } = await createToken(ada, "Windows");
    // Another program may have made the folder above.
    mkdirSync(join(host.disk, "ProgramData/AttackLens"), { recursive: true });
    const enroll = [PROGRAM, "enroll", "--server", installation.server.url, "--token", "-"];
    expect(await host.run(enroll, { stdin: value })).toMatchObject({ code: 0 });
    const stateDir = join(host.disk, "ProgramData/AttackLens/Sensor");
    const modes = () =>
      ["..", ".", "identity.json"].map((name) => statSync(join(stateDir, name)).mode & 0o007);
    expect(modes()).toEqual([0, 0, 0]);

    for (const name of ["..", ".", "identity.json"]) chmodSync(join(stateDir, name), 0o777);
    const { code, stderr } = await host.run([PROGRAM, "run", "--once"]);
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining("this is fixed") });
    expect(modes()).toEqual([0, 0, 0]);

    const { items } = await ada.call(listSensors, {});
    const sensor = await ada.call(getSensor, { params: { id: items[0]!.id } });
    expect(sensor).toMatchObject({ status: "online", platform: "windows" });
    const waiting = sensor.inventory.filter(({ status }) => status === "waiting");
    expect(waiting.map(({ category }) => category)).toEqual([]);
  },
  TIMEOUT_MS,
);
