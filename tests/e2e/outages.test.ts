// What the console shows while the API is slow, cut or refused, while the server restarts, and when a session
// ends.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { signOut } from "@attacklens/protocol/account.ts";
import { createAssetGroup } from "@attacklens/protocol/asset-groups.ts";
import { blockSensor, listSensors } from "@attacklens/protocol/sensors.ts";
import type { Page, Route } from "playwright-core";
import { drawSome } from "../../harness/long-tests.ts";
import { startServer } from "../../harness/programs.ts";
import { waitUntil } from "../../harness/wait-until.ts";
import { openBrowser } from "../support/browser.ts";
import { openInstallation, PASSWORD } from "../support/installation.ts";
import { insertFleet } from "../support/prepared-data.ts";
import { createToken } from "../support/sensors.ts";

const API = /\/api\//;

test("a slow, cut or failing API keeps the page, its rows and the input", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  await using browser = await openBrowser({ hasOutages: true });
  const ada = await installation.createSuperAdmin();
  await createToken(ada, "Production");
  await ada.call(createAssetGroup, { body: { name: "Finance" } });
  const { url } = installation.server;
  const page = await browser.openPageAs(ada, installation, { path: "/sensors/tokens" });
  const unreachable = page.getByText("The server cannot be reached. This page shows");

  // Slow: the sidebar and a skeleton are shown before the first reply.
  const held = await holdReplies(page);
  await page.goto(`${url}/sensors/tokens`);
  await page.getByRole("link", { name: "Asset Groups" }).waitFor();
  await page.getByRole("status", { name: "Loading" }).first().waitFor();
  await page.getByRole("progressbar", { name: "Loading page" }).waitFor();
  await held.release();
  await page.getByRole("row", { name: /Production/ }).waitFor();

  // Slow, with an open list: its rows and the typed text stay.
  const heldSearch = await holdReplies(page);
  const search = page.getByRole("searchbox", { name: "Search by name or reference" });
  await search.fill("Prod");
  await page.waitForURL(/q=Prod/);
  await page.getByRole("progressbar", { name: "Loading page" }).waitFor();
  expect(await search.inputValue()).toBe("Prod");
  expect(await page.getByRole("row", { name: /Production/ }).count()).toBe(1);
  await search.pressSequentially("uction");
  await heldSearch.release();
  await page.waitForURL(/q=Production/);
  await page.getByText("1 matching").waitFor();

  // Cut: the same, it says so in place, and it recovers.
  await page.route(API, (route) => route.abort());
  await search.fill("nothing");
  await unreachable.waitFor();
  expect(await page.getByRole("row", { name: /Production/ }).count()).toBe(1);
  expect(await search.inputValue()).toBe("nothing");
  // A page that was never loaded recovers as well.
  await page.getByRole("link", { name: "Asset Groups" }).click();
  await page.getByRole("heading", { name: "Can't load this page" }).waitFor();
  await page.unroute(API);
  await page.getByRole("row", { name: /Finance/ }).waitFor();
  await unreachable.waitFor({ state: "detached" });

  // A form in an outage says that nothing was saved, and keeps the input.
  await page.getByRole("link", { name: "Create Asset Group" }).click();
  const form = page.getByRole("dialog", { name: "Create Asset Group" });
  await form.getByRole("textbox", { name: "Name" }).fill("Kept");
  await page.route(API, (route) => route.fulfill({ status: 503, body: "" }));
  await form.getByRole("button", { name: "Create Asset Group" }).click();
  await form.getByText("Nothing was saved yet.").waitFor();
  expect(await form.getByRole("textbox", { name: "Name" }).inputValue()).toBe("Kept");
  await page.unroute(API);

  // The session ends: the form stays. After sign-in in another tab, it is sent.
  await ada.call(signOut);
  await form.getByRole("button", { name: "Create Asset Group" }).click();
  const signInLink = form.getByRole("link", { name: "Sign in in a new tab" });
  await signInLink.waitFor();
  const [tab] = await Promise.all([page.waitForEvent("popup"), signInLink.click()]);
  await signInTo(tab, ada.email);
  await tab.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
  await tab.close();
  await form.getByRole("button", { name: "Create Asset Group" }).click();
  await page.getByRole("row", { name: /Kept/ }).waitFor();

  // Without input, the end of the session leads to sign-in, and back to the same page with its search.
  await page.goto(`${url}/assets/groups?q=Fina`);
  await page.getByRole("row", { name: /Finance/ }).waitFor();
  await page.context().clearCookies();
  // The page loads its data again when the user returns to the tab.
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await signInTo(page, ada.email);
  await page.getByRole("row", { name: /Finance/ }).waitFor();
  expect(await page.getByRole("searchbox").inputValue()).toBe("Fina");
});

test("a server that stops or is killed, and starts again, costs an open list nothing", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  insertFleet(installation.folder, 400);
  await using browser = await openBrowser({ hasOutages: true });
  const ada = await installation.createSuperAdmin();
  await using restarted = new AsyncDisposableStack();
  let server = installation.server;
  const page = await browser.openPageAs(ada, installation, { path: "/sensors?q=host-" });
  const table = page.getByRole("region", { name: "All sensors" });
  const links = table.getByRole("link", { name: /^host-/ });
  const search = page.getByRole("searchbox");
  const unreachable = page.getByText("The server cannot be reached. This page shows");
  const scrollTop = () => table.evaluate((element) => element.scrollTop);
  const scrollTo = (top: number) =>
    waitUntil("the table is scrolled", async () => {
      await table.evaluate((element, to) => element.scrollTo({ top: to }), top);
      return (await scrollTop()) === top;
    });

  for (const [index, signal] of drawSome(["SIGTERM", "SIGKILL"] as const).entries()) {
    // Below the first page of rows.
    await scrollTo(6_000);
    const name = (await links.nth(10 + 4 * index).textContent())!;
    const row = table.getByRole("row", { name: new RegExp(`^Select ${name}`) });
    await page.evaluate(() => Object.assign(window, { isSamePage: true }));
    const expectKept = async () => {
      await page.getByRole("heading", { name: "All sensors", level: 1 }).waitFor();
      await page.getByRole("link", { name: "Asset Groups" }).waitFor();
      await row.waitFor();
      expect(await search.inputValue()).toBe("host-");
      expect(await scrollTop()).toBe(6_000);
      expect(await page.evaluate(() => "isSamePage" in window)).toBe(true);
    };
    process.kill(server.pid, signal);
    await server.exited;
    await unreachable.waitFor();
    await expectKept();

    server = restarted.use(
      await startServer({
        dataDir: join(installation.folder, "server"),
        ...{ logFile: join(installation.folder, "server.log"), listen: new URL(server.url).host },
      }),
    );
    await unreachable.waitFor({ state: "detached" });
    await expectKept();

    // Changes arrive again, and further rows load.
    const { items } = await ada.call(listSensors, { query: { q: name } });
    await ada.call(blockSensor, { params: { id: items[0]!.id } });
    await row.getByRole("gridcell", { name: "Blocked" }).waitFor();
    await scrollTo(12_000);
    await waitUntil("the rows have loaded", async () => (await links.count()) > 10);
    await page.evaluate(() => Reflect.deleteProperty(window, "isSamePage"));
  }
});

async function signInTo(page: Page, email: string): Promise<void> {
  await page.getByRole("textbox", { name: "Email" }).fill(email);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** Holds the replies of the API back until `release`. */
async function holdReplies(page: Page): Promise<{ release: () => Promise<void> }> {
  const released = Promise.withResolvers<void>();
  const hold = async (route: Route) => {
    await released.promise;
    await route.continue().catch(() => undefined);
  };
  await page.route(API, hold);
  return {
    release: async () => {
      released.resolve();
      await page.unroute(API, hold);
    },
  };
}
