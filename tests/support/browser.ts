// A browser as a person has it. A page that logs an error or throws fails the test that opened it.
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";
import { atEnd } from "../../harness/at-end.ts";
import { launchOptions } from "../../harness/chromium.ts";
import type { Installation, Person } from "./installation.ts";

export interface TestBrowser extends AsyncDisposable {
  /** A window of its own, with no cookie yet. */
  openPage(options?: BrowserContextOptions): Promise<Page>;
  /** The same, with the session that the person has in the API; set-up.test.ts signs in through the page. */
  openPageAs(person: Person, installation: Installation, options?: BrowserContextOptions): Promise<Page>;
}

/** Shorter than a test may take, so that the failure names what did not happen. */
const ACTION_TIMEOUT_MS = 45_000;

/** Chromium logs every refusal that a page was answered, and every connection that was cut; the page's business is to show it. */
const REFUSAL =
  /^Failed to load resource: (the server responded with a status of 4\d\d|net::ERR_CONNECTION_RESET)/;

let launched: Promise<Browser> | undefined;

/** One for all tests of this process: their windows share nothing. */
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
      // Without a graphics card, each frame of a transition is painted by the processor.
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
    async openPageAs(person, installation, options) {
      const page = await openPage(options);
      const { url } = installation.server;
      const cookies = (person.session.cookie ?? "").split("; ").map((cookie) => {
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
      if (errors.length > 0) throw new Error(`The page must log no error:\n${errors.join("\n")}`);
    },
  };
}
