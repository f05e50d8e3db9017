// Runs the script for facts that only WMI and secedit have: at most one process for each inventory, and its
// reply counts for some minutes. Without PowerShell, only these facts are missing.
import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { windowsPaths } from "@attacklens/protocol/installed-paths.ts";
import { type PowerShellFacts, parsePowerShellFacts } from "./powershell-facts.ts";
import { POWERSHELL_SCRIPT, powerShellArguments } from "./powershell-script.ts";

const TIMEOUT_MS = 8_000;
const MAX_OUTPUT_BYTES = 1024 * 1024;
/** PowerShell takes more CPU than everything else together. */
const CACHE_MS = 15 * 60_000;

/** The facts in the reply of the script. Throws with the reason if there is none. */
export async function readPowerShellFacts(variables: ReadonlyMap<string, string>): Promise<PowerShellFacts> {
  const cache = cachePath(variables);
  const known = readCache(cache);
  if (known !== undefined) return parsePowerShellFacts(known);
  const text = await runPowerShell(variables);
  const facts = parsePowerShellFacts(text);
  writeCache(cache, text);
  return facts;
}

async function runPowerShell(variables: ReadonlyMap<string, string>): Promise<string> {
  const root = variables.get("systemroot") ?? "C:\\Windows";
  const program = `${root}\\System32\\WindowsPowerShell\\v1.0\\powershell.exe`;
  const child = Bun.spawn([program, ...powerShellArguments(POWERSHELL_SCRIPT)], {
    // It inherits no variable: one may contain a token or a proxy's password.
    env: { SystemRoot: root, windir: root, TEMP: `${root}\\Temp`, TMP: `${root}\\Temp` },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
    timeout: TIMEOUT_MS,
    killSignal: "SIGKILL",
    windowsHide: true,
  });
  const text = await readBounded(child.stdout, () => child.kill("SIGKILL"));
  const code = await child.exited;
  if (child.signalCode !== null) throw new Error(`it did not reply within ${TIMEOUT_MS / 1_000} seconds`);
  if (code !== 0) throw new Error(`it ended with exit code ${code}`);
  return text;
}

async function readBounded(stream: ReadableStream<Uint8Array>, onTooLong: () => void): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of stream) {
    length += part.length;
    if (length > MAX_OUTPUT_BYTES) {
      onTooLong();
      throw new Error(`it printed more than ${MAX_OUTPUT_BYTES} bytes`);
    }
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

/** In the state folder of an installed sensor, which only administrators can write to. */
function cachePath(variables: ReadonlyMap<string, string>): string {
  const { stateDir } = windowsPaths("", variables.get("programdata") ?? "C:\\ProgramData");
  return `${stateDir}\\powershell-facts.json`;
}

/** Undefined if it is missing or too old. */
function readCache(path: string): string | undefined {
  try {
    const { mtimeMs, size } = statSync(path);
    const ageMs = Date.now() - mtimeMs;
    return ageMs >= 0 && ageMs < CACHE_MS && size <= MAX_OUTPUT_BYTES
      ? readFileSync(path, "utf8")
      : undefined;
  } catch {
    return undefined;
  }
}

function writeCache(path: string, text: string): void {
  const unfinished = `${path}.${process.pid}.new`;
  try {
    if (!existsSync(path.slice(0, path.lastIndexOf("\\")))) return;
    writeFileSync(unfinished, text, { mode: 0o600 });
    renameSync(unfinished, path);
  } catch {
    // A later inventory asks again.
  }
}
