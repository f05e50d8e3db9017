// Runs `npm run dev` in a copy of the sources, and edits files of each folder. Without LONG_TESTS=1, either
// of the console or of the programs, drawn at random: each takes ten CPU-seconds.
import { expect, test } from "bun:test";
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { drawSome } from "../../harness/long-tests.ts";
import { openTemporaryFolder } from "../../harness/temporary-folder.ts";
import { ROOT } from "../../harness/terminal.ts";
import { waitUntil } from "../../harness/wait-until.ts";
import { openBrowser } from "../support/browser.ts";

const TIMEOUT_MS = 180_000;
const SOURCES = [
  ...["protocol", "server", "console", "sensor", "tasks", "harness", "package.json", "tsconfig.json"],
];

/** Most files of tests are not needed. */
const filter = (path: string) =>
  path.endsWith("/main.test.ts") || !/\/(testdata|__snapshots__)$|\.test\.tsx?$/.test(path);

/** Links every installed package, and our own ones to the copies. */
function linkPackages(folder: string): void {
  const installed = join(ROOT, "node_modules");
  const packages = join(folder, "node_modules");
  mkdirSync(packages);
  for (const name of readdirSync(installed)) {
    if (name === "@attacklens") cpSync(join(installed, name), join(packages, name), LINKS);
    else if (!name.startsWith(".vite")) symlinkSync(join(installed, name), join(packages, name));
  }
}

const LINKS = { recursive: true, verbatimSymlinks: true };

const EDITS = {
  "an edit of the console shows in the open page, and restarts no program": editConsole,
  "an edit of a program restarts only that program, and an edit of a test nothing": editPrograms,
};

test.each([...drawSome(Object.entries(EDITS))])(
  "%s",
  async (_name, editFiles) => {
    using temporary = openTemporaryFolder("dev-test");
    const folder = temporary.path;
    for (const name of SOURCES) cpSync(join(ROOT, name), join(folder, name), { recursive: true, filter });
    linkPackages(folder);
    const output = join(folder, "output.log");
    const log = openSync(output, "a");
    const task = Bun.spawn([process.execPath, "--no-env-file", join(folder, "tasks/dev.ts")], {
      cwd: folder,
      stdin: "ignore",
      stdout: log,
      stderr: log,
    });
    const printed = () => readFileSync(output, "utf8");
    const dev: RunningDev = {
      folder,
      restarts: () => [...printed().matchAll(/restarted the (\w+)/g)].map(([, program]) => program!),
      url: "",
    };
    try {
      dev.url = await waitUntil(
        "dev is ready",
        () => /Console\s+(http\S+)[\s\S]*ready:/.exec(printed())?.[1],
      );
      await editFiles(dev);
    } finally {
      task.kill("SIGTERM");
      await task.exited;
    }
  },
  TIMEOUT_MS,
);

interface RunningDev {
  /** The copy of the sources. */
  folder: string;
  url: string;
  /** The programs that were restarted, in order. */
  restarts(): string[];
}

async function editConsole({ folder, url, restarts }: RunningDev): Promise<void> {
  await using browser = await openBrowser();
  const page = await browser.openPage();
  await page.goto(`${url}/sign-in`);
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await page.evaluate(() => Object.assign(window, { isSamePage: true }));
  const path = join(folder, "console/src/pages/account/SignInPage.tsx");
  const text = readFileSync(path, "utf8");
  expect(text).toContain("Sign in");
  writeFileSync(path, text.replaceAll("Sign in", "Enter here"));
  await page.getByRole("heading", { name: "Enter here" }).waitFor();
  expect(await page.evaluate(() => "isSamePage" in window)).toBe(true);
  expect(restarts()).toEqual([]);
}

async function editPrograms({ folder, url, restarts }: RunningDev): Promise<void> {
  // The test files are edited first: a restart because of them would be in the list before the server's.
  appendFileSync(join(folder, "server/main.test.ts"), "// edited\n");
  appendFileSync(join(folder, "sensor/main.test.ts"), "// edited\n");
  appendFileSync(join(folder, "server/main.ts"), "// edited\n");
  await waitUntil("the server restarts", () => restarts().includes("server"));
  appendFileSync(join(folder, "sensor/main.ts"), "// edited\n");
  await waitUntil("the sensor restarts", () => restarts().includes("sensor"));
  expect(restarts()).toEqual(["server", "sensor"]);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
}
