// Runs install.sh as a host does: from a real server with a private CA, as root, in a mount namespace. PATH
// has nothing but the tools that the script may use. The release contains a small script in place of the
// sensor, which records how it was started.
import { expect } from "bun:test";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { runCommand } from "../../harness/command.ts";
import { findOrInstall } from "../../harness/debian.ts";
import { findFreePort } from "../../harness/free-port.ts";
import { openTemporaryFolder } from "../../harness/temporary-folder.ts";
import { readConfig } from "../config.ts";
import { startServer } from "../server.ts";
import { openTestReleases } from "./test-release.ts";

/** The script writes below /var/lib, and mounts need root. */
export const CAN_INSTALL = process.platform === "linux" && process.getuid?.() === 0;
export const TARGET = `linux-${process.arch}`;
export const PROGRAM = `attacklens-sensor-${TARGET}`;

/** A program that records how it was started, and ends as its variables say. */
export const PAYLOAD = `#!/bin/sh
if [ "$1" = version ]; then
  [ -z "\${START_SIGNAL:-}" ] || kill -s "$START_SIGNAL" $$
  exit "\${START_CODE:-0}"
fi
printf '%s\\n' "$@" >"$RECORD/arguments"
printf '%s' "\${ATTACKLENS_TOKEN:-}" >"$RECORD/environment"
cat >"$RECORD/input"
exit "\${INSTALL_CODE:-0}"
`;

const TOOLS =
  "cat chmod curl cut date df env getconf grep head id ldd mkdir mktemp rm sed sh sha256sum stty tail tr uname".split(
    " ",
  );

/** The server's name is known to a proxy only. */
const NAME = "attacklens.test";

export interface Host {
  /** Absent: `sh`. */
  shell?: string[];
  /** Words for the script, which arrives by a pipe. */
  args?: string[];
  /** A command in place of the script. */
  command?: string;
  /** Standard input. Absent: the script. Present: the script is a file. */
  input?: string;
  /** Absent: the server's. */
  script?: string;
  environment?: Record<string, string>;
  /** Programs beside the tools: lines of shell, or the path of a real one. */
  programs?: Record<string, string>;
  without?: string[];
  /** Lines of shell that mount something in the host's namespace. */
  mounts?: string;
  isUser?: boolean;
}

export interface Outcome {
  code: number;
  output: string;
  /** The words of `attacklens-sensor install`. Undefined: it did not run. */
  installed: string[] | undefined;
  /** What the sensor read from standard input, and from ATTACKLENS_TOKEN. */
  input: string;
  environment: string;
  /** What the script left in the folder where it downloads the program. */
  left: string[];
}

export async function openInstallServer() {
  for (const tool of ["curl", "wget"]) await findOrInstall(tool);
  await using opening = new AsyncDisposableStack();
  const releases = opening.use(openTestReleases());
  await releases.offer({ files: { [PROGRAM]: PAYLOAD } });
  const port = await findFreePort();
  const url = `https://${NAME}:${port}`;
  const listen = ["--listen", `127.0.0.1:${port}`, "--tls", "private", "--tls-names", NAME];
  const args = ["--data", releases.dataDir, ...listen, "--public-url", url];
  opening.use(await startServer(readConfig(args, { ATTACKLENS_LOG_LEVEL: "error" }), []));
  const loopback = `https://127.0.0.1:${port}`;
  const get = async (path: string) => {
    const reply = await fetch(loopback + path, { tls: { rejectUnauthorized: false }, proxy: false as never });
    return await reply.text();
  };
  const [script, pem] = [await get("/install.sh"), await get("/download/ca.pem")];
  const opened = opening.move();
  return {
    /** The server's own address, and the one that works without a proxy. */
    ...{ url, loopback, script },
    storedProgram: join(releases.dataDir, "releases/1", PROGRAM),
    target: {
      server: loopback,
      caPin: /server_pins='(sha256:[0-9a-f]{64})'/.exec(script)![1]!,
      caSha256: createHash("sha256").update(pem).digest("hex"),
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

export type InstallServer = Awaited<ReturnType<typeof openInstallServer>>;

export async function runOnHost(server: InstallServer, host: Host): Promise<Outcome> {
  using folder = openTemporaryFolder("host");
  const [bin, record, lib] = ["bin", "record", "lib"].map((name) => join(folder.path, name)) as [
    string,
    string,
    string,
  ];
  for (const path of [bin, record, lib]) mkdirSync(path);
  // The server in this process has a strict umask.
  for (const path of [folder.path, bin]) chmodSync(path, 0o755);
  fillPath(bin, host);
  const script = host.script ?? server.script;
  writeFileSync(join(folder.path, "install.sh"), script, { mode: 0o755 });
  const { args = ["--server", server.loopback, "--token-file", "token.txt"], input } = host;
  const source = input === undefined ? ["-s", "--"] : ["install.sh"];
  const command = host.command === undefined ? [...source, ...args] : ["-c", host.command];
  const user = host.isUser ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [];
  // setsid: without a terminal.
  const words = [
    ...user,
    "env",
    `PATH=${bin}`,
    "/usr/bin/setsid",
    "--wait",
    ...(host.shell ?? ["sh"]),
    ...command,
  ];
  // Tests run at the same time, so each host has its own folder.
  const enter = `set -e\nmount --bind ${lib} /var/lib\n${host.mounts ?? ""}\nexec "$@"`;
  const { code, stdout, stderr } = await runCommand(
    ["unshare", "--mount", "sh", "-c", enter, "sh", ...words],
    {
      cwd: folder.path,
      stdin: input ?? script,
      env: { PATH: process.env.PATH, RECORD: record, ...host.environment },
    },
  );
  const read = (name: string) => {
    const path = join(record, name);
    return existsSync(path) ? readFileSync(path, "utf8") : undefined;
  };
  return {
    code,
    output: stdout + stderr,
    installed: read("arguments")?.trimEnd().split("\n"),
    input: read("input") ?? "",
    environment: read("environment") ?? "",
    left: readdirSync(lib),
  };
}

/** With a service manager, and with sudo for root. */
function fillPath(bin: string, { programs = {}, without = [] }: Host): void {
  const tools = Object.fromEntries(
    TOOLS.flatMap((name) => (Bun.which(name) ? [[name, Bun.which(name)!]] : [])),
  );
  const all = { ...tools, sudo: 'exec "$@"', "rc-service": "exit 0", ...programs };
  for (const [name, content] of Object.entries(all)) {
    if (without.includes(name)) continue;
    if (content.startsWith("/")) symlinkSync(content, join(bin, name));
    else writeFileSync(join(bin, name), `#!/bin/sh\n${content}\n`, { mode: 0o755 });
  }
}

/** The script ends with a sentence and a hint. It has run nothing, and has left nothing. */
export function expectRefusal({ code, output, installed, left }: Outcome, sentence: string | RegExp): void {
  expect(output).toMatch(sentence);
  const lines = output.trimEnd().split("\n");
  expect(lines.at(-2)).toStartWith("attacklens: ");
  expect(lines.at(-1)).toMatch(/^hint: .{10}/);
  expect({ code, installed }).toEqual({ code: 1, installed: undefined });
  expect(left).toEqual([]);
}
