// A browser like a user's. A page that throws or logs an error fails its test.
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";
import { atEnd } from "../../harness/at-end.ts";
import { launchOptions } from "../../harness/chromium.ts";
import type { Installation, User } from "./installation.ts";

export interface TestBrowser extends AsyncDisposable {
  /** A separate window without cookies. */
  openPage(options?: BrowserContextOptions): Promise<Page>;
  /** The same, with the API session of the user. Only set-up.test.ts signs in through the page. */
  openPageAs(user: User, installation: Installation, options?: BrowserContextOptions): Promise<Page>;
}

/** Shorter than the timeout of a test, so that a failure names the missing element. */
const ACTION_TIMEOUT_MS = 45_000;

/** Chromium logs each refused request and each cut connection. The page handles them. */
const REFUSAL =
  /^Failed to load resource: (the server responded with a status of 4\d\d|net::ERR_CONNECTION_RESET)/;

let launched: Promise<Browser> | undefined;

/** Returns the one browser of this process. Its windows share no data. */
async function findBrowser(): Promise<Browser> {
  const running = await launched?.catch(() => undefined);
  if (running?.isConnected()) return running;
  launched = chromium.launch(launchOptions());
  const browser = await launched;
  atEnd(() => browser.close());
  return browser;
}

export async function openBrowser(): Promise<TestBrowser> {
  const browser = await findBrowser();
  const contexts: BrowserContext[] = [];
  const errors: string[] = [];

  async function openPage(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser.newContext({
      viewport: { width: 1280, height: 800 },
      // Without a GPU, the CPU paints each frame of a transition.
      reducedMotion: "reduce",
      ...options,
    });
    contexts.push(context);
    context.setDefaultTimeout(ACTION_TIMEOUT_MS);
    const page = await context.newPage();
    page.on("pageerror", (error) => errors.push(`${page.url()} threw ${error.stack ?? error}`));
    page.on("console", (message) => {
      if (message.type() === "error" && !REFUSAL.test(message.text())) {
        errors.push(`${page.url()} logged ${message.text()}`);
      }
    });
    return page;
  }

  return {
    openPage,
    async openPageAs(user, installation, options) {
      const page = await openPage(options);
      const { url } = installation.server;
      const cookies = (user.session.cookie ?? "").split("; ").map((cookie) => {
        const [name, value] = cookie.split(/=(.*)/s) as [string, string];
        return { name, value, url, httpOnly: true, sameSite: "Lax" as const };
      });
      await page.context().addCookies(cookies);
      await page.goto(url);
      await page.getByRole("heading", { name: "Overview", level: 1 }).waitFor();
      return page;
    },
    async [Symbol.asyncDispose]() {
      for (const context of contexts) await context.close();
      if (errors.length > 0) throw new Error(`The page must not log errors:\n${errors.join("\n")}`);
    },
  };
}
