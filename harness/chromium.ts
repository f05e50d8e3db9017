// Finds the Chromium for browser tests: in PATH, otherwise Debian's package if we may install it, otherwise
// Playwright's download.
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { LaunchOptions } from "playwright-core";
import { runCommand } from "./command.ts";
import { installPackages } from "./debian.ts";

export interface TestChromium {
  path: string;
  /** One line, for the progress output. */
  description: string;
}

/** The headless shell is Chromium without the window of a browser, and takes a fifth less CPU. */
const DEBIAN_PACKAGE = "chromium-headless-shell";
const NAMES = [DEBIAN_PACKAGE, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** Throws if Chromium is neither found nor installed. */
export async function findChromium(): Promise<TestChromium> {
  const given = process.env.TEST_CHROMIUM;
  const found = given ? { name: "TEST_CHROMIUM", path: given } : inPath();
  if (found) return describe(found.path, `${found.path}${given ? ", from TEST_CHROMIUM" : ""}`);
  if (process.getuid?.() === 0 && existsSync("/usr/bin/apt-get")) {
    console.error(`Installing Debian's ${DEBIAN_PACKAGE} …`);
    await installPackages([DEBIAN_PACKAGE]).catch(({ message }: Error) => console.error(message));
    const installed = inPath();
    if (installed) return describe(installed.path, `${installed.path}, installed from Debian's packages`);
  }
  console.error("Downloading Playwright's Chromium …");
  const download = [
    "node",
    join(import.meta.dir, "../node_modules/playwright-core/cli.js"),
    "install",
    "chromium",
  ];
  const { code, stdout, stderr } = await runCommand(download);
  if (code !== 0) console.error(`${download.join(" ")} failed:\n${stdout}${stderr}`);
  const { chromium } = await import("playwright-core");
  const path = chromium.executablePath();
  if (existsSync(path)) return describe(path, `${path}, downloaded by Playwright`);
  throw new Error(
    "Cannot run browser tests: no Chromium found or installed\nhint: set TEST_CHROMIUM to its path",
  );
}

/**
 * Chromium cannot use its sandbox as root. The arguments also disable its background requests at each start.
 */
export function launchOptions(): LaunchOptions {
  const path = process.env.TEST_CHROMIUM;
  if (!path) throw new Error("TEST_CHROMIUM is not set: run browser tests with npm run e2e");
  return {
    executablePath: path,
    headless: true,
    chromiumSandbox: process.getuid?.() !== 0,
    args: [
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  };
}

function inPath(): { name: string; path: string } | undefined {
  for (const name of NAMES) {
    const path = Bun.which(name);
    if (path) return { name, path };
  }
  return undefined;
}

async function describe(path: string, source: string): Promise<TestChromium> {
  const version = (await runCommand([path, "--version"])).stdout.trim();
  if (!version)
    throw new Error(
      `Cannot run browser tests: ${path} does not start\nhint: set TEST_CHROMIUM to another path`,
    );
  return { path, description: `${version} (${source})` };
}
