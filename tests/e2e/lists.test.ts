// Long lists in a browser: the place in a list, and its counts.

import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { fleetStatements } from "../../harness/fleet-rows.ts";
import { waitUntil } from "../../harness/wait-until.ts";
import { openBrowser } from "../support/browser.ts";
import { openInstallation } from "../support/installation.ts";

const SENSORS = 400;

function insertFleet(folder: string): void {
  using sqlite = new Database(join(folder, "server", "attacklens.db"));
  sqlite.run("PRAGMA busy_timeout = 30000");
  for (const statement of fleetStatements({ dialect: "sqlite", sensors: SENSORS, now: Date.now() }))
    sqlite.run(statement);
}

const tableOf = (page: Page) => page.getByRole("region", { name: "All sensors" });
const topOf = (page: Page) => tableOf(page).evaluate((element) => element.scrollTop);

async function scrollTo(page: Page, top: number): Promise<void> {
  await waitUntil("the table is scrolled", async () => {
    await tableOf(page).evaluate((element, to) => element.scrollTo({ top: to }), top);
    return (await topOf(page)) === top;
  });
}

test("Back returns to the rows, the scroll position and the focused row of a list", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  insertFleet(installation.folder);
  await using browser = await openBrowser();
  const ada = await installation.createSuperAdmin();
  const page = await browser.openPageAs(ada, installation, { path: "/sensors" });

  // Far below the first page of rows.
  await scrollTo(page, 6_000);
  const link = tableOf(page)
    .getByRole("link", { name: /^host-/ })
    .nth(15);
  const name = (await link.textContent())!;
  await link.focus();
  const top = await topOf(page);
  const expectPlace = async () => {
    await page.getByRole("heading", { name: "All sensors", level: 1 }).waitFor();
    await waitUntil("the row has the focus", () =>
      page.evaluate((text) => document.activeElement?.textContent === text, name),
    );
    expect(await topOf(page)).toBe(top);
  };
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name, level: 1 }).waitFor();
  await page
    .getByRole("navigation", { name: "Inventory" })
    .getByRole("link", { name: /^Packages/ })
    .click();
  await page.waitForURL(/\/packages$/);
  await page.goBack();
  await page.waitForURL(/\/overview$/);
  await page.goBack();
  await expectPlace();

  // The rows are no longer in the memory of the page.
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name, level: 1 }).waitFor();
  await page.reload();
  await page.getByRole("heading", { name, level: 1 }).waitFor();
  await page.goBack();
  await expectPlace();

  // A new order begins at its top.
  await page.getByRole("button", { name: "Last seen" }).click();
  await waitUntil("the table is at its top", async () => (await topOf(page)) === 0);
});
