import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "../harness/command.ts";
import { findOrInstall } from "../harness/debian.ts";
import { openTemporaryFolder } from "../harness/temporary-folder.ts";
import { CHECK_MACHINE, listMachineProblems } from "./check-machine.ts";

/** Only root can put another file in place of /proc/cpuinfo. */
const isRoot = process.platform === "linux" && process.getuid?.() === 0;
const FLAGS = "fpu vme sse sse2 ssse3 sse4_1 sse4_2 popcnt aes";

const SHELLS = isRoot
  ? [[await findOrInstall("dash")], ["/bin/bash"], [await findOrInstall("busybox"), "sh"]]
  : [["sh"]];

interface Machine {
  cpu?: string;
  system?: string;
  /** What `getconf GNU_LIBC_VERSION` prints. Absent: there is no getconf. */
  getconf?: string | undefined;
  /** Standard output of `ldd --version`. */
  ldd?: string;
  cpuinfo?: string;
}

/** Runs a command after the functions, on a machine that differs from this one as described. */
async function runOn(machine: Machine, command: string, shell: string[]) {
  using folder = openTemporaryFolder("machine");
  const { cpu = "x86_64", system = "Linux", getconf, ldd = "", cpuinfo = `flags\t\t: ${FLAGS}\n` } = machine;
  // Functions of the shell: some builds of busybox prefer their own uname to the one in PATH.
  const commands = [
    `uname() { case $1 in -m) echo ${cpu} ;; -s) echo ${system} ;; esac; }`,
    `getconf() { ${getconf === undefined ? "return 127" : `echo '${getconf}'`}; }`,
    `ldd() { echo '${ldd}'; }`,
  ];
  writeFileSync(join(folder.path, "cpuinfo"), cpuinfo);
  const script = join(folder.path, "script");
  writeFileSync(script, ["set -u", CHECK_MACHINE, ...commands, command, ""].join("\n"));
  const mount = `mount --bind ${join(folder.path, "cpuinfo")} /proc/cpuinfo && exec "$@"`;
  const prefix = isRoot ? ["unshare", "--mount", "/bin/sh", "-c", mount, "sh"] : [];
  const { code, stdout, stderr } = await runCommand([...prefix, ...shell, script]);
  return { code, lines: (stdout + stderr).trimEnd().split("\n") };
}

const GLIBC = { getconf: "glibc 2.36" };

describe.each(SHELLS)("in the shell %s", (...shell) => {
  test.each([
    [{ ...GLIBC }, "linux-x64"],
    [{ ...GLIBC, cpu: "aarch64" }, "linux-arm64"],
    [{ ldd: "ldd (GNU libc) 2.17" }, "linux-x64"],
    [{ system: "Darwin", cpu: "arm64" }, "darwin-arm64"],
    [{ system: "Darwin" }, "darwin-x64"],
  ] as [Machine, string][])("%j has the target %s", async (machine, target) => {
    expect(await runOn(machine, "find_target", shell)).toEqual({ code: 0, lines: [target] });
  });

  test.each([
    [{ ...GLIBC, cpu: "armv7l" }, "There is no program for the CPU type armv7l."],
    [{ ...GLIBC, cpu: "i686" }, "There is no program for the CPU type i686."],
    [{ ...GLIBC, system: "FreeBSD" }, "There is no program for FreeBSD."],
  ])("%j has no target: %s", async (machine, sentence) => {
    const { code, lines } = await runOn(machine, "find_target", shell);
    expect({ code, lines }).toEqual({ code: 1, lines: [sentence, expect.stringMatching(/^hint: /)] });
  });

  test.skipIf(!isRoot)("a machine that runs the program prints nothing", async () => {
    const machines = [
      GLIBC,
      { getconf: "glibc 2.17" },
      { getconf: "glibc 3.0" },
      { ldd: "ldd (Debian GLIBC 2.31-13+deb11u11) 2.31" },
      // Unknown versions and CPUs are not refused.
      { getconf: "undefined" },
      { ...GLIBC, cpuinfo: "" },
    ];
    for (const machine of machines)
      expect(await runOn(machine, "check_machine linux-x64", shell)).toEqual({ code: 0, lines: [""] });
  });

  const withoutFlag = (flag: string) => `processor\t: 0\nflags\t\t: ${FLAGS.replace(` ${flag}`, "")}\n`;
  test.skipIf(!isRoot).each([
    [{ ...GLIBC, cpuinfo: withoutFlag("sse4_2") }, "linux-x64", "This CPU has no sse4_2,"],
    [{ ...GLIBC, cpuinfo: withoutFlag("popcnt") }, "linux-x64", "This CPU has no popcnt,"],
    [{ ...GLIBC, cpuinfo: withoutFlag("sse4_2") }, "linux-x64-musl", "This CPU has no sse4_2,"],
    [{ getconf: "glibc 2.12" }, "linux-x64", "This system has glibc 2.12,"],
    [{ getconf: "glibc 2.5" }, "linux-x64", "This system has glibc 2.5,"],
    [{ ldd: "ldd (GNU libc) 2.16.90" }, "linux-x64", "This system has glibc 2.16,"],
    [{ ...GLIBC, cpu: "aarch64" }, "linux-x64", "The program is for the CPU type x86_64,"],
    [{ ...GLIBC, cpu: "aarch64" }, "linux-arm64", "The program needs /lib/ld-linux-aarch64.so.1,"],
  ])("%j cannot run the program for %s: %s", async (machine, target, sentence) => {
    const { code, lines } = await runOn(machine, `check_machine ${target}`, shell);
    expect({ code, lines }).toEqual({
      code: 1,
      lines: [expect.stringContaining(sentence), expect.stringMatching(/^hint: /)],
    });
  });
});

test("the list has each sentence with its hint, without variables", () => {
  const problems = listMachineProblems();
  expect(problems.length).toBe([...CHECK_MACHINE.matchAll(/echo "hint: /g)].length);
  for (const { message, fix } of problems) {
    expect(message).toMatch(/^[A-Z][^$]+\.$/);
    expect(fix).toMatch(/^[a-z][^$]+[^.]$/);
  }
});
