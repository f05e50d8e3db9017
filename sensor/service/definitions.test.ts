// The definitions for OpenRC, launchd and Windows, as far as this machine can check them.
import { expect, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { windowsPaths } from "@attacklens/protocol/installed-paths.ts";
import { makeFolder } from "../testing/test-command.ts";
import { launchdPlist } from "./launchd.ts";
import { openrcScript } from "./openrc.ts";
import { windowsTask } from "./task-scheduler.ts";

/** The names of elements that are open at the end, or closed in another order. */
function unbalancedElements(xml: string): string[] {
  const open: string[] = [];
  for (const [, close, name, empty] of xml.matchAll(/<(\/?)([A-Za-z]\w*)[^<>]*?(\/?)>/g)) {
    if (empty) continue;
    if (!close) open.push(name!);
    else if (open.pop() !== name) return [name!];
  }
  return open;
}

test("the OpenRC script is valid for sh, and supervises the sensor", () => {
  using folder = makeFolder();
  const path = join(folder.path, "attacklens-sensor");
  writeFileSync(path, openrcScript());
  expect(Bun.spawnSync(["sh", "-n", path], { stderr: "pipe" }).stderr.toString()).toBe("");
  expect(openrcScript()).toStartWith("#!/sbin/openrc-run\n");
  expect(openrcScript()).toContain("supervisor=supervise-daemon\n");
  expect(openrcScript({ program: "/usr/bin/x" })).toContain('command="/usr/bin/x"\n');
});

test("the OpenRC script starts the sensor with an identity or a sealed token only", () => {
  using folder = makeFolder();
  const path = join(folder.path, "attacklens-sensor");
  const state = join(folder.path, "state");
  mkdirSync(state);
  writeFileSync(path, openrcScript().replaceAll("/var/lib/attacklens-sensor/", `${state}/`));
  const stubs = 'eerror() { echo "$1"; }; checkpath() { :; }; mv() { :; }';
  const start = () => {
    const { exitCode, stdout } = Bun.spawnSync(["sh", "-c", `${stubs}; . "$0"; start_pre`, path]);
    return { exitCode, stdout: stdout.toString() };
  };
  const refusal = "This host is not enrolled. To enroll it, run attacklens-sensor install.\n";
  expect(start()).toEqual({ exitCode: 1, stdout: refusal });
  for (const name of ["identity.json", "sealed-token.json"]) {
    writeFileSync(join(state, name), "");
    expect(start()).toEqual({ exitCode: 0, stdout: "" });
    rmSync(join(state, name));
  }
});

test("the property list names the installed program and starts it at each boot", () => {
  const plist = launchdPlist();
  expect(unbalancedElements(plist)).toEqual([]);
  expect(plist).toContain(
    "<string>/Library/Application Support/AttackLens/Sensor/versions/stable/attacklens-sensor</string>",
  );
  expect(plist).toContain("<key>KeepAlive</key>\n\t<true/>");
  expect(launchdPlist({ program: "/a&b" })).toContain("<string>/a&amp;b</string>");
});

test("the Windows task runs as SYSTEM from Program Files, without a time limit, also on battery", () => {
  const { program } = windowsPaths("C:\\Program Files", "C:\\ProgramData");
  const task = windowsTask({ program });
  expect(unbalancedElements(task)).toEqual([]);
  expect(task).toContain("<Command>C:\\Program Files\\AttackLens\\Sensor\\attacklens-sensor.exe</Command>");
  for (const element of [
    "<UserId>S-1-5-18</UserId>",
    "<ExecutionTimeLimit>PT0S</ExecutionTimeLimit>",
    "<MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>",
    "<DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>",
    "<StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>",
  ])
    expect(task).toContain(element);
});
