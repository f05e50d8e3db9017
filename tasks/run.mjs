// Every npm script calls `node tasks/run.mjs TASK ARGS…`. It installs the packages of the lock file if any is
// missing or outdated, finds Bun, and runs tasks/TASK.ts with it. This file needs only Node, because a new
// clone has nothing else.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const modules = join(root, "node_modules");
const [task, ...args] = process.argv.slice(2);

if (!task || !existsSync(join(root, "tasks", `${task}.ts`))) {
  fail(`no task "${task ?? ""}"`, '"npm run" lists the tasks');
}
if (packagesAreStale()) await installPackages();
const bun = findBun() ?? fail("Bun does not run on this machine", "delete node_modules and try again");
process.exitCode = await runTask(bun);

/** Compares the lock file with npm's list of installed packages in node_modules. */
function packagesAreStale() {
  const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  let installed;
  try {
    installed = JSON.parse(readFileSync(join(modules, ".package-lock.json"), "utf8")).packages;
  } catch {
    return true;
  }
  return Object.entries(wanted).some(([path, { version, integrity, optional, devOptional }]) => {
    if (!path.startsWith("node_modules/")) return false;
    const found = installed[path];
    if (!found) return !optional && !devOptional;
    return found.version !== version || found.integrity !== integrity;
  });
}

async function installPackages() {
  console.error("Installing packages with npm ci …");
  const started = Date.now();
  const seconds = () => `${Math.round((Date.now() - started) / 1000)} s`;
  const progress = setInterval(() => console.error(`  … ${seconds()}`), 5_000);
  // npm sets npm_execpath to its own script. The tasks need the development packages, regardless of NODE_ENV.
  const script = process.env.npm_execpath;
  const npm = script?.endsWith(".js") ? [process.execPath, script] : ["npm"];
  const command = [...npm, "ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"];
  const child = spawn(command[0], command.slice(1), {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    shell: process.platform === "win32" && npm.length === 1,
  });
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += chunk;
  });
  child.stderr.on("data", (chunk) => {
    output += chunk;
  });
  const code = await exitOf(child);
  clearInterval(progress);
  if (code !== 0) fail(`npm ci failed (exit code ${code})\n${output}`, "is the npm registry reachable?");
  console.error(`  done in ${seconds()}`);
}

/**
 * The install script of the `bun` package creates its program. If npm skipped that script, the package for
 * the platform contains the program.
 */
function findBun() {
  const version = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).devDependencies.bun;
  const candidates = [join(modules, "bun", "bin", "bun.exe")];
  const platforms = join(modules, "@oven");
  if (existsSync(platforms)) {
    for (const name of readdirSync(platforms)) {
      candidates.push(join(platforms, name, "bin", "bun"), join(platforms, name, "bin", "bun.exe"));
    }
  }
  return candidates.find((path) => {
    if (!existsSync(path)) return false;
    return spawnSync(path, ["--version"], { encoding: "utf8" }).stdout?.trim() === version;
  });
}

function runTask(bun) {
  const child = spawn(bun, ["--no-orphans", "--no-env-file", join(root, "tasks", `${task}.ts`), ...args], {
    cwd: root,
    stdio: "inherit",
  });
  // A terminal sends Ctrl-C to this process and to the task, a supervisor only to this one. Tasks ignore the
  // second signal.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  return exitOf(child);
}

function exitOf(child) {
  return new Promise((resolve) => {
    child.on("error", (error) => fail(error.message));
    child.on("close", (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}

function fail(message, hint) {
  console.error(`${task ?? "run"}: ${message}${hint ? `\nhint: ${hint}` : ""}`);
  process.exit(1);
}
