// A browser like a user's. A page that throws or logs an error fails its test.
import {
  type Browser,
  type BrowserContextOptions,
  type CDPSession,
  chromium,
  type Page,
} from "playwright-core";
import { launchOptions } from "../../harness/chromium.ts";
import type { Installation, User } from "./installation.ts";

export interface TestBrowser extends AsyncDisposable {
  /** A separate window without cookies and stored data. */
  openPage(options?: WindowOptions): Promise<Page>;
  /** The same, with the API session of the user. Only set-up.test.ts signs in through the page. */
  openPageAs(user: User, installation: Installation, options?: WindowOptions): Promise<Page>;
}

export interface WindowOptions extends BrowserContextOptions {
  /** Runs in each page before its scripts do. */
  initScript?: () => void;
  /** Of the first page of a user. Absent: the overview. */
  path?: string;
}

/** A page, the only one of its context, and a connection to its developer tools. */
interface Window {
  page: Page;
  devtools: CDPSession;
}

/** Shorter than the timeout of a test, so that a failure names the missing element. */
const ACTION_TIMEOUT_MS = 45_000;

/** Chromium logs each refused request and each cut connection. The page handles them. */
const REFUSAL =
  /^Failed to load resource: (the server responded with a status of 4\d\d|net::ERR_CONNECTION_RESET)/;

/** The same in a test that stops the server, cuts the connection or replies with 503. */
const OUTAGE =
  /^(Failed to load resource: (net::ERR_(FAILED|CONNECTION_|INCOMPLETE_|EMPTY_)|.* status of 503)|Problem: unavailable)/;

/** Without a GPU, the CPU paints each frame of a transition. */
const DEFAULTS: BrowserContextOptions = {
  viewport: { width: 1280, height: 800 },
  reducedMotion: "reduce",
};

let launched: Promise<Browser> | undefined;
/**
 * Emptied windows with the default options. A new window costs more CPU than most tests in it, because it
 * starts a process that compiles the console first.
 */
const idleWindows: Window[] = [];

/** Returns the one browser of this process. */
async function findBrowser(): Promise<Browser> {
  const running = await launched?.catch(() => undefined);
  if (running?.isConnected()) return running;
  idleWindows.length = 0;
  launched = chromium.launch(launchOptions());
  const browser = await launched;
  return browser;
}

async function openWindow(browser: Browser, options: WindowOptions): Promise<Window> {
  const { initScript, path: _, ...others } = options;
  const context = await browser.newContext({ ...DEFAULTS, ...others });
  context.setDefaultTimeout(ACTION_TIMEOUT_MS);
  if (initScript) await context.addInitScript(initScript);
  const page = await context.newPage();
  return { page, devtools: await context.newCDPSession(page) };
}

/** An empty page of the same site: for a page of another site, Chromium would start another process. */
const EMPTY_PATH = "/empty-page-of-the-tests";

const STORED = "local_storage,indexeddb,cache_storage,service_workers";

/**
 * Leaves nothing in the window for the next test: no session, no stored data, no history, no permissions, no
 * other size or theme.
 */
async function emptyWindow({ page, devtools }: Window): Promise<void> {
  const { origin } = new URL(page.url());
  page.removeAllListeners();
  await page.unrouteAll({ behavior: "ignoreErrors" });
  const emptyUrl = `${origin}${EMPTY_PATH}`;
  await page.route(emptyUrl, (route) => route.fulfill({ contentType: "text/html", body: "" }));
  await page.mouse.move(0, 0);
  if (DEFAULTS.viewport) await page.setViewportSize(DEFAULTS.viewport);
  await page.emulateMedia({ colorScheme: null, forcedColors: null, reducedMotion: "reduce" });
  await page.goto(emptyUrl);
  await page.unroute(emptyUrl);
  await page.evaluate(() => sessionStorage.clear());
  await devtools.send("Storage.clearDataForOrigin", { origin, storageTypes: STORED });
  await devtools.send("Page.resetNavigationHistory");
  await page.context().clearPermissions();
  await page.context().clearCookies();
}

/** The same in a test that opens pages without the permission. The page explains it. */
const CLOSED = /^Problem: permission-missing/;

/**
 * `hasOutages`: the test makes the API unavailable, so the page may log that. `hasClosedPages`: it opens
 * pages that the user may not open.
 */
export async function openBrowser({ hasOutages = false, hasClosedPages = false } = {}): Promise<TestBrowser> {
  const browser = await findBrowser();
  const opened: (Window & { isReusable: boolean })[] = [];
  const errors: string[] = [];

  async function openPage(options: WindowOptions = {}): Promise<Page> {
    const { permissions, path: _, ...others } = options;
    const isReusable = Object.keys(others).length === 0;
    const window = (isReusable ? idleWindows.pop() : undefined) ?? (await openWindow(browser, others));
    if (permissions) await window.page.context().grantPermissions(permissions);
    opened.push({ ...window, isReusable });
    const { page } = window;
    page.on("pageerror", (error) => errors.push(`${page.url()} threw ${error.stack ?? error}`));
    page.on("console", (message) => {
      const isExpected =
        REFUSAL.test(message.text()) ||
        (hasOutages && OUTAGE.test(message.text())) ||
        (hasClosedPages && CLOSED.test(message.text()));
      if (message.type() === "error" && !isExpected) {
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
      await page.goto(url + (options?.path ?? "/"));
      await page.getByRole("heading", { level: 1 }).first().waitFor();
      return page;
    },
    async [Symbol.asyncDispose]() {
      for (const { isReusable, ...window } of opened) {
        const context = window.page.context();
        const isAlone = context.pages().length === 1 && !window.page.isClosed();
        if (isReusable && isAlone && errors.length === 0) {
          await emptyWindow(window);
          idleWindows.push(window);
        } else await context.close();
      }
      if (errors.length > 0) throw new Error(`The page must not log errors:\n${errors.join("\n")}`);
    },
  };
}
