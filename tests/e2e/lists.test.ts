// Long lists in a browser: the place in a list, and its counts.

import { expect, test } from "bun:test";
import { listAssetGroups } from "@attacklens/protocol/asset-groups.ts";
import { listAssets, moveAsset } from "@attacklens/protocol/assets.ts";
import { blockSensor, listSensors, unblockSensor } from "@attacklens/protocol/sensors.ts";
import type { Page } from "playwright-core";
import { waitUntil } from "../../harness/wait-until.ts";
import { openBrowser } from "../support/browser.ts";
import { openInstallation, type User } from "../support/installation.ts";
import { insertFleet } from "../support/prepared-data.ts";

const SENSORS = 400;

const tableOf = (page: Page) => page.getByRole("region", { name: "All sensors" });
const topOf = (page: Page) => tableOf(page).evaluate((element) => element.scrollTop);

async function scrollTo(page: Page, top: number): Promise<void> {
  await waitUntil("the table is scrolled", async () => {
    await tableOf(page).evaluate((element, to) => element.scrollTo({ top: to }), top);
    return (await topOf(page)) === top;
  });
}

test("Back returns to the place in a list, and an action reaches rows that are not loaded", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  insertFleet(installation.folder, SENSORS);
  await using browser = await openBrowser();
  const ada = await installation.createSuperAdmin();
  const page = await browser.openPageAs(ada, installation, { path: "/sensors" });

  // Far below the first page of rows.
  await scrollTo(page, 6_000);
  const links = tableOf(page).getByRole("link", { name: /^host-/ });
  const name = (await links.nth(14).textContent())!;
  // By its name, because the rows in the document change while others are loaded.
  await tableOf(page).getByRole("link", { name, exact: true }).first().focus();
  const top = await topOf(page);
  const expectPlace = async () => {
    await page.getByRole("heading", { name: "All sensors", level: 1 }).waitFor();
    await waitUntil("the row has the focus", () =>
      page.evaluate((text) => document.activeElement?.closest("tr")?.textContent?.includes(text), name),
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
  await expectBulk(page, ada);

  await page.goto(`${installation.server.url}/sensors?filter=status:bogus+platform:linux&sort=color`);
  await page
    .getByText("The address had 2 filters that do not exist: status:bogus, sort=color. They were cleared.")
    .waitFor();
  expect(new URL(page.url()).search).toBe("?filter=platform:linux");
  await expectColumnsAndExport(page);
  await expectViews(page);
  await expectFilters(page);
  await expectMoves(page, ada);
});

/** Filters are typed as text, chosen in menus, and copied as one line. */
async function expectFilters(page: Page): Promise<void> {
  await page.goto(new URL("/sensors", page.url()).href);
  const filter = () => new URL(page.url()).searchParams.get("filter");
  const search = page.getByRole("searchbox");
  await search.pressSequentially("host-0 status:bogus ");
  await page.getByText("status:bogus must be some of").waitFor();
  await waitUntil("the search is applied", () => filter() === "host-0");
  await search.fill("host-0 status:offline ");
  await waitUntil("the filter is applied", () => filter() === "status:offline host-0");
  expect(await search.inputValue()).toBe("host-0");
  await page.getByText("status:bogus must be some of").waitFor({ state: "detached" });
  await page.getByRole("search").getByText(": Offline", { exact: true }).click();
  await page.getByRole("menuitemcheckbox", { name: /^Pending \d/ }).click();
  await waitUntil("both are chosen", () => filter() === "status:offline,pending host-0");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Not seen for" }).click();
  await page.getByRole("menuitemradio", { name: "7 days" }).click();
  await page.getByText("No matches").waitFor();
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.getByRole("button", { name: "Copy filter" }).click();
  await waitUntil("the line is copied", async () => {
    const line = await page.evaluate(() => navigator.clipboard.readText());
    return line === "status:offline,pending last-seen>7d host-0";
  });
  expect(filter()).toBe("status:offline,pending last-seen>7d host-0");
  expect(page.url()).toContain("?filter=status:offline,pending+last-seen");
}

/** The user's columns are remembered and shared, and an export has them and the filter. */
async function expectColumnsAndExport(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Columns" }).click();
  await page.getByRole("menuitemcheckbox", { name: "Asset", exact: true }).click();
  await page.getByRole("menuitemcheckbox", { name: "Address" }).click();
  await page.keyboard.press("Escape");
  await page.getByRole("columnheader", { name: "Address" }).waitFor();
  expect(await page.getByRole("columnheader", { name: "Asset", exact: true }).count()).toBe(0);
  expect(new URL(page.url()).searchParams.get("columns")).toContain("address");
  await page.getByRole("button", { name: "Export" }).click();
  const downloading = page.waitForEvent("download");
  await page.getByRole("menuitem", { name: "CSV" }).click();
  const csv = await Bun.file(await (await downloading).path()).text();
  const [header, columns, ...rows] = csv.trim().split("\r\n");
  expect(header).toContain("platform");
  expect(columns).toContain(",address");
  expect(rows.length).toBeGreaterThan(200);
  await page.goto(new URL("/sensors", page.url()).href);
  await page.getByRole("columnheader", { name: "Address" }).waitFor();
}

/** A search with its columns is saved under a name, shown again, changed and deleted, with the keyboard. */
async function expectViews(page: Page): Promise<void> {
  const { origin } = new URL(page.url());
  const views = (name: string) => page.getByRole("button", { name, exact: true });
  const choose = async (button: string, item: string) => {
    await views(button).press("Enter");
    await page.getByRole("menuitem", { name: item }).press("Enter");
  };
  await page.goto(`${origin}/sensors?platform=linux&order=desc`);
  await choose("Views", "Save view…");
  const dialog = page.getByRole("dialog", { name: "Save view" });
  await dialog.getByRole("textbox", { name: "Name" }).fill("Linux hosts");
  await dialog.getByRole("checkbox", { name: /^Share with everyone/ }).check();
  await dialog.getByRole("button", { name: "Save view" }).click();
  await views("Linux hosts").waitFor();
  const saved = new URL(page.url()).search;
  expect(saved).toContain("columns=");

  await page.getByRole("button", { name: "Clear filter Operating system" }).click();
  await choose("Linux hosts (changed)", "Update view");
  await page.getByText("“Linux hosts” now has the present search and columns.").waitFor();
  await views("Linux hosts").waitFor();
  await choose("Linux hosts", "Leave view");
  await page.waitForURL(`${origin}/sensors`);
  await views("Views").press("Enter");
  await page.getByRole("menuitemradio", { name: "Linux hosts Shared" }).press("Enter");
  await views("Linux hosts").waitFor();
  const shown = new URL(page.url()).searchParams;
  expect([shown.get("filter"), shown.get("order")]).toEqual([null, "desc"]);
  await choose("Linux hosts", "Delete view…");
  await page.getByRole("dialog").getByRole("button", { name: "Delete view" }).click();
  await views("Views").waitFor();
}

/** Blocks all sensors of a platform, of which only the first page is loaded. */
async function expectBulk(page: Page, ada: User): Promise<void> {
  await page.getByRole("button", { name: "Operating system", exact: true }).first().click();
  await page.getByRole("menuitemcheckbox", { name: "Windows" }).click();
  const query = { platform: "windows" as const };
  const { total, items } = await ada.call(listSensors, { query });
  const params = { id: items.find(({ actions }) => actions.includes("block"))!.id };
  await ada.call(blockSensor, { params });
  const all = page.getByRole("checkbox", { name: "Select all rows" });
  await page.getByText(`${total} matching`).waitFor();
  await all.click();
  expect(await all.evaluate((box: HTMLInputElement) => [box.checked, box.indeterminate])).toEqual([
    false,
    true,
  ]);
  await page.getByRole("button", { name: `Select all ${total} that match` }).click();
  expect(await all.isChecked()).toBeTrue();
  await page.getByText(`All ${total} that match selected`).waitFor();
  await page.getByRole("button", { name: "Block…", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: `Block ${total - 1} sensors?` });
  await dialog.getByText("Not included: 1. It is already blocked.").waitFor();

  // One more sensor matches than in the preview.
  await ada.call(unblockSensor, { params });
  await dialog.getByRole("button", { name: "Block" }).click();
  // Its title has the new number by now, or soon.
  await page.getByText("The selection has changed since the preview").waitFor();
  await page.getByRole("button", { name: `Block ${total} sensors` }).click();
  await page.getByText(`${total} sensors blocked.`).waitFor();
  const after = await ada.call(listSensors, { query: { ...query, status: "blocked" } });
  expect(after.total).toBe(total);

  // A deletion of many asks for their number.
  await all.click();
  await page.getByRole("button", { name: `Select all ${total} that match` }).click();
  await page.getByRole("button", { name: "Delete…", exact: true }).click();
  const deletion = page.getByRole("dialog", { name: `Delete ${total} sensors?` });
  const confirm = deletion.getByRole("button", { name: `Delete ${total} sensors` });
  const typed = deletion.getByRole("textbox", { name: `Type “${total}” to confirm` });
  await typed.fill(String(total - 1));
  expect(await confirm.isDisabled()).toBeTrue();
  await typed.fill(String(total));
  await confirm.click();
  await page.getByText(`${total} sensors deleted.`).waitFor();
  expect((await ada.call(listSensors, { query })).total).toBe(0);
}

/** Moves all assets of a group to a new one, one of them out of it, and sets the types of two. */
async function expectMoves(page: Page, ada: User): Promise<void> {
  const { origin } = new URL(page.url());
  const groups = async () => (await ada.call(listAssetGroups, { query: { limit: 200 } })).items;
  const from = (await groups()).toSorted((one, other) => other.assets - one.assets)[0]!;
  const query = { assetGroupId: from.id };
  const { items } = await ada.call(listAssets, { query });
  await page.goto(`${origin}/assets?assetGroupId=${from.id}`);
  await page.getByText(`${from.assets} matching`).waitFor();
  await page.getByRole("checkbox", { name: "Select all rows" }).click();
  await page.getByRole("button", { name: `Select all ${from.assets} that match` }).click();
  await page.getByRole("button", { name: "Move to asset group…" }).click();
  const choice = page.getByRole("dialog", { name: "Move assets" });
  await choice.getByRole("button", { name: "Continue" }).click();
  await choice.getByText("Required").waitFor();
  await choice.getByRole("combobox", { name: "Asset Group" }).fill("Branch Offices");
  await choice.getByText("A new asset group “Branch Offices” will be created.").waitFor();
  await choice.getByRole("button", { name: "Continue" }).click();
  const title = (count: number) => `Move ${count} assets to asset group “Branch Offices”`;
  const button = (count: number) => page.getByRole("button", { name: `Move ${count} assets`, exact: true });
  await page.getByRole("dialog", { name: `${title(from.assets)}?` }).waitFor();
  await ada.call(moveAsset, { params: { id: items[0]!.id }, body: { assetGroupId: null } });
  await button(from.assets).click();
  await page.getByText("The selection has changed since the preview").waitFor();
  await button(from.assets - 1).click();
  await page.getByText(`${from.assets - 1} assets moved to asset group “Branch Offices”.`).waitFor();
  await page.getByText("No matches").waitFor();
  const counted = Object.fromEntries((await groups()).map(({ name, assets }) => [name, assets]));
  expect(counted).toMatchObject({ [from.name]: 0, "Branch Offices": from.assets - 1 });

  const to = (await groups()).find(({ name }) => name === "Branch Offices")!;
  const [one, two] = (await ada.call(listAssets, { query: { assetGroupId: to.id } })).items;
  await page.goto(`${origin}/assets?assetGroupId=${to.id}`);
  await page.getByRole("button", { name: `Actions for ${one!.name}` }).click();
  await page.getByRole("menuitem", { name: "Move to asset group…" }).click();
  const single = page.getByRole("dialog", { name: `Move ${one!.name}` });
  await single.getByRole("radio", { name: "No asset group" }).check();
  await single.getByRole("button", { name: "Move asset" }).click();
  await page.getByText(`“${one!.name}” is in no asset group.`).waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText(`“${one!.name}” is in asset group “Branch Offices” again.`).waitFor();

  const types = async () =>
    (await ada.call(listAssets, { query: { assetGroupId: to.id, limit: 2 } })).items.map((asset) =>
      asset.typeSource === "user" ? asset.type : asset.typeSource,
    );
  for (const { name } of [one!, two!]) await page.getByRole("checkbox", { name: `Select ${name}` }).click();
  await page.getByRole("button", { name: "Set type…" }).click();
  await page.getByRole("dialog").getByRole("combobox", { name: "Type" }).click();
  await page.getByRole("option", { name: "Laptop" }).click();
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("dialog", { name: "Set the type of 2 assets to “Laptop”?" }).waitFor();
  await page.getByRole("button", { name: "Set type of 2 assets" }).click();
  await page.getByText("2 assets set to “Laptop”.").waitFor();
  expect(await types()).toEqual(["laptop", "laptop"]);
  await page.getByRole("button", { name: "Undo" }).last().click();
  await page.getByText("2 assets as before.").waitFor();
  expect(await types()).toEqual(["derived", "derived"]);

  await page.goto(`${origin}/assets/${one!.id}/history`);
  const moved = page.getByRole("table", { name: "Changed settings" });
  await moved.filter({ hasText: "None" }).filter({ hasText: "Branch Offices" }).first().waitFor();
}
