import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { waitUntil } from "../../harness/wait-until.ts";
import { makeFolder } from "../testing/test-command.ts";
import { makeIdentity, readIdentity, writeIdentity } from "./identity.ts";
import { tryLockFolder } from "./lock-folder.ts";
import { lockIdentity, lockStateDir } from "./run-lock.ts";

const IMPORT_LOCK = `import { lockStateDir } from ${JSON.stringify(join(import.meta.dir, "run-lock.ts"))};`;

/** Locks the folder, prints that, and holds it until it ends. */
const HOLD = `${IMPORT_LOCK}
  using _ = lockStateDir(process.argv.at(-1));
  console.log("held");
  await Bun.stdin.text();`;

/**
 * Locks the folder again and again, without a pause. Fails if another such program has it at that time. Ends
 * after a number of turns, or on a busy machine after a few seconds.
 */
const TAKE_TURNS = `${IMPORT_LOCK}
  import { rmSync, writeFileSync } from "node:fs";
  const [folder, turns] = process.argv.slice(-2);
  const inside = folder + "/inside";
  for (let taken = 0; taken < Number(turns) && performance.now() < 5_000; ) {
    let lock;
    try {
      lock = lockStateDir(folder);
    } catch (error) {
      if (!error.message.includes("is running with")) throw error;
      continue;
    }
    using _ = lock;
    writeFileSync(inside, "", { flag: "wx" });
    rmSync(inside);
    taken++;
  }`;

/** Locks the folder again and again until it is killed. Prints that once. Ends if it is never killed. */
const LOCK_FOREVER = `${IMPORT_LOCK}
  for (let taken = 0; performance.now() < 10_000; ) {
    try {
      using _ = lockStateDir(process.argv.at(-1));
      if (++taken === 3) console.log("taken");
    } catch {}
  }`;

function start(script: string, ...args: string[]) {
  return Bun.spawn([process.execPath, "-e", script, ...args], { stdin: "pipe", stdout: "pipe" });
}

/** Plants a lock that files with these names hold. */
function plant(path: string, names: string[]): void {
  mkdirSync(path);
  for (const name of names) writeFileSync(join(path, name), "");
}

test("of two programs one holds the folder, for as long as it runs", async () => {
  using folder = makeFolder();
  const other = start(HOLD, folder.path);
  await other.stdout.getReader().read();
  expect(() => lockStateDir(folder.path)).toThrow(`(process ${other.pid}) is running with ${folder.path}`);
  other.kill("SIGKILL");
  await other.exited;
  {
    using _ = lockStateDir(folder.path);
    expect(readdirSync(folder.path)).toEqual(["run.lock"]);
  }
  expect(readdirSync(folder.path)).toEqual([]);
});

test("of two parts of one program one holds the folder", () => {
  using folder = makeFolder();
  {
    using _ = lockStateDir(folder.path);
    expect(() => lockStateDir(folder.path)).toThrow(`(process ${process.pid}) is running with`);
    using _other = lockIdentity(folder.path);
  }
  lockStateDir(folder.path)[Symbol.dispose]();
  expect(readdirSync(folder.path)).toEqual([]);
});

test("what another process has left, whose number is in use again, is no obstacle", () => {
  using folder = makeFolder();
  const path = join(folder.path, "run.lock");
  const own = `${process.pid}`;
  for (const names of [[], ["1-1"], ["4194304-77-00"], [`${own}-1`, "1-1-00"], [`${own}--0011aabb`]]) {
    plant(path, names);
    plant(`${path}.4194304-77-00.new`, ["4194304-77-00"]);
    plant(`${path}.1-1-00.new`, []);
    using _ = lockStateDir(folder.path);
    expect(readdirSync(folder.path)).toEqual(["run.lock"]);
    expect(() => lockStateDir(folder.path)).toThrow("is running with");
  }
  expect(readdirSync(folder.path)).toEqual([]);
});

test("the lock file of an earlier build is no obstacle", () => {
  using folder = makeFolder();
  for (const left of ["", "nonsense", `${process.pid} 1`]) {
    writeFileSync(join(folder.path, "run.lock"), left);
    writeFileSync(join(folder.path, `run.lock.${process.pid}.new`), left);
    using _ = lockStateDir(folder.path);
    expect(() => lockStateDir(folder.path)).toThrow("is running with");
  }
  expect(readdirSync(folder.path)).toEqual([]);
});

// If its parent does not read its exit code, e.g. in a container without an init.
test.skipIf(process.platform !== "linux")(
  "a killed program that still has its number holds nothing",
  async () => {
    using folder = makeFolder();
    // The shell becomes a program that does not wait for the one that it started.
    const script = `"$0" -e "$1" "$2" <&3 & echo $!; exec cat`;
    const command = ["sh", "-c", `exec 3<&0; ${script}`, process.execPath, HOLD, folder.path];
    await using parent = Bun.spawn(command, { stdin: "pipe", stdout: "pipe" });
    const reader = parent.stdout.getReader();
    let said = "";
    while (!said.includes("held")) said += new TextDecoder().decode((await reader.read()).value);
    const pid = Number(/\d+/.exec(said)?.[0]);
    process.kill(pid, "SIGKILL");
    await waitUntil("it has ended", () => readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z "));
    lockStateDir(folder.path)[Symbol.dispose]();
    expect(process.kill(pid, 0)).toBe(true);
  },
);

test("a lock that cannot be taken is not held, except in a folder that is not writable", () => {
  using folder = makeFolder();
  const path = join(folder.path, "some.lock");
  plant(path, ["not-of-a-lock", "4194304-77"]);
  expect(tryLockFolder(path)).toHaveProperty("error.code", "ENOTEMPTY");
  expect(readdirSync(path)).toEqual(["not-of-a-lock"]);
  expect(readdirSync(folder.path)).toEqual(["some.lock"]);
  const file = join(folder.path, "file");
  writeFileSync(file, "");
  const reason = `Cannot lock ${join(file, "run.lock")}: part of the path is not a folder`;
  expect(() => lockStateDir(file)).toThrow(reason);
  expect(existsSync(file)).toBe(true);
  if (existsSync("/sys/kernel")) lockStateDir("/sys/kernel")[Symbol.dispose]();
});

test("of several programs that lock a folder at once, some of which are killed, one at a time has it", async () => {
  using folder = makeFolder();
  plant(join(folder.path, "run.lock"), ["4194304-77-00"]);
  const programs = Array.from({ length: 6 }, () => start(TAKE_TURNS, folder.path, "200"));
  do {
    const other = start(LOCK_FOREVER, folder.path);
    await other.stdout.getReader().read();
    other.kill("SIGKILL");
    await other.exited;
  } while (programs.some(({ exitCode }) => exitCode === null));
  expect(await Promise.all(programs.map(({ exited }) => exited))).toEqual([0, 0, 0, 0, 0, 0]);
  lockStateDir(folder.path)[Symbol.dispose]();
  expect(readdirSync(folder.path)).toEqual([]);
});

test("of several programs that change the identity at once, each changes what the one before it has left", async () => {
  using folder = makeFolder();
  writeIdentity(folder.path, { ...makeIdentity("https://lens.example"), proxy: "http://proxy.example:1000" });
  const script = `import { changeIdentity } from ${JSON.stringify(join(import.meta.dir, "identity.ts"))};
    for (let times = 0; times < 20; times++)
      changeIdentity(process.argv.at(-1), (onDisk) => {
        const proxy = new URL(onDisk.proxy);
        proxy.port = String(Number(proxy.port) + 1);
        return { ...onDisk, proxy: proxy.href };
      });`;
  const programs = Array.from({ length: 3 }, () => start(script, folder.path));
  expect(await Promise.all(programs.map(({ exited }) => exited))).toEqual([0, 0, 0]);
  expect(readIdentity(folder.path)?.proxy).toBe("http://proxy.example:1060/");
  expect(readdirSync(folder.path)).toEqual(["identity.json"]);
});
