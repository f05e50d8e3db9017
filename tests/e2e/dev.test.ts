// Runs `npm run dev` in a copy of the sources, and edits files of each folder.
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
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { openTemporaryFolder } from "../../harness/temporary-folder.ts";
import { ROOT } from "../../harness/terminal.ts";
import { waitUntil } from "../../harness/wait-until.ts";
import { openBrowser } from "../support/browser.ts";

const TIMEOUT_MS = 180_000;
const SOURCES = [
  ...["protocol", "server", "console", "sensor", "tasks", "harness", "package.json", "tsconfig.json"],
];

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

test(
  "an edit shows in the open page, or restarts only the program that contains the file",
  async () => {
    using temporary = openTemporaryFolder("dev-test");
    const folder = temporary.path;
    for (const name of SOURCES) await cp(join(ROOT, name), join(folder, name), { recursive: true });
    linkPackages(folder);
    const output = join(folder, "output.log");
    const log = openSync(output, "a");
    const dev = Bun.spawn([process.execPath, "--no-env-file", join(folder, "tasks/dev.ts")], {
      cwd: folder,
      stdin: "ignore",
      stdout: log,
      stderr: log,
    });
    const printed = () => readFileSync(output, "utf8");
    const restarts = () => [...printed().matchAll(/restarted the (\w+)/g)].map(([, program]) => program);
    const edit = (path: string, from: string, to: string) => {
      const text = readFileSync(join(folder, path), "utf8");
      expect(text).toContain(from);
      writeFileSync(join(folder, path), text.replaceAll(from, to));
    };
    try {
      await using browser = await openBrowser();
      const url = await waitUntil(
        "dev is ready",
        () => /Console\s+(http\S+)[\s\S]*ready:/.exec(printed())?.[1],
      );
      const page = await browser.openPage();
      await page.goto(`${url}/sign-in`);
      await page.getByRole("heading", { name: "Sign in" }).waitFor();
      await page.evaluate(() => Object.assign(window, { isSamePage: true }));
      edit("console/src/pages/account/SignInPage.tsx", "Sign in", "Enter here");
      await page.getByRole("heading", { name: "Enter here" }).waitFor();
      expect(await page.evaluate(() => "isSamePage" in window)).toBe(true);
      expect(restarts()).toEqual([]);

      // The test files are edited first: a restart because of them would be in the list before the server's.
      appendFileSync(join(folder, "server/main.test.ts"), "// edited\n");
      appendFileSync(join(folder, "sensor/main.test.ts"), "// edited\n");
      appendFileSync(join(folder, "server/main.ts"), "// edited\n");
      await waitUntil("the server restarts", () => restarts().includes("server"));
      appendFileSync(join(folder, "sensor/main.ts"), "// edited\n");
      await waitUntil("the sensor restarts", () => restarts().includes("sensor"));
      expect(restarts()).toEqual(["server", "sensor"]);
      expect((await fetch(`${url}/healthz`)).status).toBe(200);
    } finally {
      dev.kill("SIGTERM");
      await dev.exited;
    }
  },
  TIMEOUT_MS,
);
