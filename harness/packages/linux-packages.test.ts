// The files of a .deb and an .rpm, read back with dpkg-deb and rpm. tests/faults/packages.test.ts installs
// them.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PackageFiles } from "@attacklens/protocol/package-files.ts";
import { runCommand } from "../command.ts";
import { findOrInstall } from "../debian.ts";
import { openTemporaryFolder, type TemporaryFolder } from "../temporary-folder.ts";
import { buildDeb, debName } from "./deb.ts";
import type { LinuxPackage } from "./package.ts";
import { buildRpm, rpmName } from "./rpm.ts";
import { debScripts, rpmScripts } from "./scriptlets.ts";

const canBuild = process.platform === "linux" && process.getuid?.() === 0;
const unit = {
  path: "/usr/lib/systemd/system/probe.service",
  text: "[Service]\nExecStart=/usr/bin/probe\n",
  mode: 0o644,
  isConfiguration: false,
};
const settings = { path: "/etc/probe/probe.env", text: "#A=1\n", mode: 0o600, isConfiguration: true };
const withUser: PackageFiles = {
  name: "probe",
  program: "/usr/bin/probe",
  stateDir: "/var/lib/probe",
  user: "probe",
  files: [unit, settings],
  nextSteps: ["100% of it: it's in $HOME"],
};
const { user: _user, ...root } = withUser;
const withIdentity: PackageFiles = { ...root, startsWith: "/var/lib/probe/identity", files: [unit] };

let folder: TemporaryFolder;
beforeAll(async () => {
  if (!canBuild) return;
  await findOrInstall("dpkg-deb");
  await findOrInstall("rpmbuild");
  folder = openTemporaryFolder("packages");
  writeFileSync(join(folder.path, "program"), "\x7fELF program\n");
}, 120_000);
afterAll(() => folder?.[Symbol.dispose]());

const source = (target: LinuxPackage["target"] = "linux-x64"): LinuxPackage => ({
  contents: withUser,
  product: "Probe Server",
  description: "Probe of packages",
  release: "2026.11.0",
  target,
  program: join(folder.path, "program"),
  date: 1_795_000_000,
  isFast: false,
});

async function make(build: typeof buildDeb, from: LinuxPackage): Promise<string> {
  const own = join(folder.path, crypto.randomUUID());
  mkdirSync(own);
  await build(from, join(own, "package"), own);
  return join(own, "package");
}

async function output(...command: string[]): Promise<string> {
  const { code, stdout, stderr } = await runCommand(command);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

test("the names are those that each system expects", () => {
  const named = { contents: withUser, release: "2026.11.0" } as LinuxPackage;
  const all = (["linux-x64", "linux-arm64"] as const).map((target) => ({ ...named, target }));
  expect(all.map(debName)).toEqual(["probe_2026.11.0_amd64.deb", "probe_2026.11.0_arm64.deb"]);
  expect(all.map(rpmName)).toEqual(["probe-2026.11.0-1.x86_64.rpm", "probe-2026.11.0-1.aarch64.rpm"]);
});

test.skipIf(!canBuild)(
  "a .deb has the files with their owners and modes, and its settings are kept",
  async () => {
    const deb = await make(buildDeb, source("linux-arm64"));
    expect(await output("dpkg-deb", "--field", deb, "Package", "Version", "Architecture")).toBe(
      "Package: probe\nVersion: 2026.11.0\nArchitecture: arm64\n",
    );
    const rows = (await output("dpkg-deb", "--contents", deb)).trimEnd().split("\n");
    const files = rows
      .map((row) => row.split(/\s+/))
      .map(([mode, owner, , , , path]) => `${mode} ${owner} ${path}`);
    expect(files).toContain("-rwxr-xr-x root/root ./usr/bin/probe");
    expect(files).toContain("-rw-r--r-- root/root ./usr/lib/systemd/system/probe.service");
    expect(files).toContain("-rw------- root/root ./etc/probe/probe.env");
    expect(files.filter((file) => file.startsWith("d") && !file.startsWith("drwxr-xr-x root/root"))).toEqual(
      [],
    );
    expect(await output("dpkg-deb", "--info", deb, "conffiles")).toBe("/etc/probe/probe.env\n");
  },
);

test.skipIf(!canBuild)(
  "an .rpm has the files with their owners and modes, and its settings are kept",
  async () => {
    const rpm = await make(buildRpm, source("linux-arm64"));
    const query = ["rpm", "--query", "--package"];
    const format = "%{NAME} %{VERSION} %{ARCH} %{VENDOR} %{BUILDTIME}\n";
    expect(await output(...query, "--queryformat", format, rpm)).toBe(
      "probe 2026.11.0 aarch64 AttackLens 1795000000\n",
    );
    const line = "[%{FILEMODES:perms} %{FILEUSERNAME} %{FILENAMES}\n]";
    const files = (await output(...query, "--queryformat", line, rpm)).trimEnd().split("\n");
    expect(files).toContain("-rwxr-xr-x root /usr/bin/probe");
    expect(files).toContain("-rw------- root /etc/probe/probe.env");
    expect(await output(...query, "--configfiles", rpm)).toBe("/etc/probe/probe.env\n");
    expect(await output(...query, "--scripts", rpm)).toContain("100% of it");
  },
);

test.skipIf(!canBuild).each([
  ["deb", buildDeb],
  ["rpm", buildRpm],
] as const)("the same inputs give the same .%s, whatever the folder and the umask", async (_name, build) => {
  const first = await make(build, source());
  const umask = process.umask(0o077);
  try {
    expect(readFileSync(await make(build, source())).equals(readFileSync(first))).toBe(true);
  } finally {
    process.umask(umask);
  }
});

describe.each([
  ["with a user", withUser],
  ["with an identity", withIdentity],
])("the scripts of a package %s", (_name, contents) => {
  const scripts = Object.entries({
    deb: debScripts(contents, "linux-x64"),
    rpm: rpmScripts(contents, "linux-x64"),
  }).flatMap(([format, all]) => Object.entries(all).map(([name, text]) => [format, name, text] as const));

  test.each(scripts)("%s %s are POSIX shell", async (_format, _script, text) => {
    for (const shell of ["sh", "bash"]) {
      const { code, stderr } = await runCommand([shell, "-n"], { stdin: text });
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    }
  });
});
