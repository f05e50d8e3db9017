// Installs Debian packages that a test needs.
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "./command.ts";

/** The packages of programs that have another name. */
const PACKAGES: Record<string, string> = {
  "ansible-playbook": "ansible-core",
  "dpkg-deb": "dpkg",
  "fusioninventory-inventory": "fusioninventory-agent",
  msibuild: "msitools",
  nginx: "nginx-light",
  rpmbuild: "rpm",
  script: "bsdutils",
  sshd: "openssh-server",
  "systemd-nspawn": "systemd-container",
  wrestool: "icoutils",
  zabbix_server: "zabbix-server-pgsql",
};

/**
 * The programs of a whole run. They are installed before its first test, because packages that change during
 * a run change what the tests see of this machine. The long form and the benches install others.
 */
const PROGRAMS_OF_RUN = [
  ...["ansible-playbook", "busybox", "curl", "dash", "dpkg-deb", "faketime", "mmdebstrap", "msibuild"],
  ...["nginx", "pgbouncer", "rpmbuild", "script", "shellcheck", "strace", "sudo", "systemd-nspawn", "wget"],
  ...["wixl", "wrestool"],
];

/** Returns false without root or apt. Throws with apt's output if apt fails. */
export async function installPackages(names: readonly string[]): Promise<boolean> {
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) return false;
  const install = ["install", "-q", "-y", "--no-install-recommends", ...names];
  // The lists of a new machine are missing or too old.
  if ((await apt(install)).code !== 0) {
    await apt(["update", "-q"]);
    const { code, stdout, stderr } = await apt(install);
    if (code !== 0) throw new Error(`apt-get ${install.join(" ")} failed:\n${stdout}${stderr}`);
  }
  return true;
}

/** Installs the missing programs that the tests of a run need. Does nothing without root or apt. */
export async function installProgramsOfRun(): Promise<void> {
  const missing = PROGRAMS_OF_RUN.filter((name) => !findProgram(name)).map(packageOf);
  // Where systemd runs, this package starts a server.
  if (!findProgram("sshd") && !existsSync("/run/systemd/system")) missing.push(packageOf("sshd"));
  if (missing.length > 0) await installPackages(missing);
}

/** Returns the path of a program. Installs its package if necessary. Throws if that is not possible. */
export async function findOrInstall(program: string): Promise<string> {
  const name = packageOf(program);
  const path = findProgram(program) ?? ((await installPackages([name])) && findProgram(program));
  if (path) return path;
  throw new Error(`${program} is not installed\nhint: install it, e.g. apt-get install ${name}`);
}

const packageOf = (program: string) => PACKAGES[program] ?? program;

/** Tests run concurrently, and apt refuses to start beside another. */
function apt(args: string[]) {
  const command = ["flock", join(tmpdir(), "attacklens-apt.lock"), "apt-get", ...args];
  return runCommand([...command, "-o", "DPkg::Lock::Timeout=120"], {
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
}

/** On Debian, only root has /usr/sbin in PATH. */
function findProgram(name: string): string | undefined {
  const path = `/usr/sbin/${name}`;
  return Bun.which(name) ?? (existsSync(path) ? path : undefined);
}
