// The sensor for musl runs where no glibc is. These tests have no Alpine: see tests/support/musl-root.ts. The
// sensor itself runs with LONG_TESTS=1 only.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, copyFileSync, existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CHECK_MACHINE } from "@attacklens/protocol/check-machine.ts";
import { listSensors } from "@attacklens/protocol/sensors.ts";
import { compile, findCommit, SENSOR } from "../../harness/build.ts";
import { LONG_TESTS } from "../../harness/long-tests.ts";
import { openInstallation } from "../support/installation.ts";
import { type MuslRoot, openMuslRoot, whyNoMusl } from "../support/musl-root.ts";
import { createToken } from "../support/sensors.ts";

const TIMEOUT_MS = 300_000;
const reason = whyNoMusl();
const skipped = reason === undefined ? "" : ` (skipped: ${reason})`;
let root: MuslRoot;

beforeAll(async () => {
  if (reason === undefined) root = await openMuslRoot();
}, TIMEOUT_MS);
afterAll(async () => await root?.[Symbol.asyncDispose]());

const check = (command: string) => root.run(["/bin/sh", "-c", `${CHECK_MACHINE}\n${command}`]);

test.skipIf(reason !== undefined)(
  `the shell finds the target of a system with musl${skipped}`,
  async () => {
    expect(await check("find_target")).toMatchObject({ code: 0, stdout: "linux-x64-musl\n" });
    expect(await check("check_machine linux-x64-musl")).toMatchObject({ code: 0, stdout: "" });
  },
  TIMEOUT_MS,
);

test.skipIf(reason !== undefined)(
  `a sensor for glibc gets one sentence on it${skipped}`,
  async () => {
    const { code, stdout } = await check("check_machine linux-x64");
    expect(code).toBe(1);
    expect(stdout).toMatch(/^The program needs \/lib64\/ld-linux-x86-64\.so\.2.*\nhint: .*\n$/);
  },
  TIMEOUT_MS,
);

test.skipIf(reason !== undefined)(
  `without libstdc++, the sentence names it${skipped}`,
  async () => {
    const library = join(root.path, "usr/lib/libstdc++.so.6");
    copyFileSync(library, join(root.path, "tmp/libstdc++"));
    rmSync(library);
    const { code, stdout } = await check("check_machine linux-x64-musl");
    copyFileSync(join(root.path, "tmp/libstdc++"), library);
    expect({ code, stdout }).toEqual({
      code: 1,
      stdout:
        "The program needs the library libstdc++, which is not installed.\nhint: install it, e.g. apk add libstdc++\n",
    });
  },
  TIMEOUT_MS,
);

// It downloads Bun's runtime for musl.
test.skipIf(reason !== undefined || !LONG_TESTS)(
  `the sensor for musl enrolls and reports${skipped}`,
  async () => {
    const program = join(root.path, "bin/attacklens-sensor");
    await compile(SENSOR, { path: program, target: "linux-x64-musl", commit: await findCommit() });
    chmodSync(program, 0o755);
    expect(existsSync(join(root.path, "lib64"))).toBe(false);
    await using installation = await openInstallation({ database: "sqlite" });
    const ada = await installation.createSuperAdmin();
    const { value } = await createToken(ada, "Alpine");
    const { url } = installation.server;
    const enroll = ["/bin/attacklens-sensor", "enroll", "--server", url, "--token", "-"];
    expect(await root.run(enroll, { stdin: value })).toMatchObject({ code: 0 });
    expect(await root.run(["/bin/attacklens-sensor", "run", "--once"])).toMatchObject({ code: 0 });
    const { items } = await ada.call(listSensors, {});
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({ status: "online" });
  },
  TIMEOUT_MS,
);
