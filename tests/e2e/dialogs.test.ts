// Esc closes one layer, changes are not lost without a question, and the focus is never lost.
import { expect, test } from "bun:test";
import { createAssetGroup } from "@attacklens/protocol/asset-groups.ts";
import type { Page } from "playwright-core";
import { openBrowser } from "../support/browser.ts";
import { openInstallation } from "../support/installation.ts";
import { createToken } from "../support/sensors.ts";

test("dialogs close one layer at a time, keep changes, and return the focus", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  await using browser = await openBrowser();
  const ada = await installation.createSuperAdmin();
  for (const name of ["First", "Second", "Third"]) await createToken(ada, name);
  await ada.call(createAssetGroup, { body: { name: "Finance" } });
  const page = await browser.openPageAs(ada, installation, { path: "/sensors/tokens" });
  const form = page.getByRole("dialog", { name: "Create Enrollment Token" });
  const name = form.getByRole("textbox", { name: "Name" });
  const question = page.getByRole("dialog", { name: "Discard changes?" });

  // Nothing was changed: no question, and the focus returns.
  await page.getByRole("link", { name: "Create Token" }).press("Enter");
  await name.waitFor();
  await page.keyboard.press("Escape");
  await form.waitFor({ state: "detached" });
  await expectFocus(page, "Create Token");

  // Each layer closes alone.
  await page.keyboard.press("Enter");
  await name.fill("Second");
  await form.getByRole("radio", { name: "Specific Asset Group" }).check();
  await form.getByRole("combobox", { name: "Asset Group" }).click();
  await page.getByRole("option", { name: "Finance" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("option", { name: "Finance" }).waitFor({ state: "hidden" });
  await form.getByRole("button", { name: /^Expiry:/ }).click();
  await page.getByRole("button", { name: "Next month" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Next month" }).waitFor({ state: "detached" });
  await page.keyboard.press("Escape");
  await question.waitFor();
  await page.keyboard.press("Escape");
  await question.waitFor({ state: "detached" });
  expect(await name.inputValue()).toBe("Second");

  // Back, a click outside and the close button ask too.
  await page.goBack();
  await question.getByRole("button", { name: "Keep editing" }).click();
  await question.waitFor({ state: "detached" });
  expect(new URL(page.url()).pathname).toBe("/sensors/tokens/new");
  await page.mouse.click(5, 300);
  await question.getByRole("button", { name: "Keep editing" }).click();
  await form.getByRole("button", { name: "Close dialog" }).click();
  await question.getByRole("button", { name: "Keep editing" }).click();

  // A refused submit focuses the first wrong field: refused by the page, then by the server.
  await form.getByRole("radio", { name: /^All assets/i }).check();
  await name.fill("");
  await form.getByRole("button", { name: /^Create/ }).click();
  await expectFocused(page, () => document.activeElement?.getAttribute("aria-invalid") === "true");
  expect(await name.evaluate((input) => input === document.activeElement)).toBe(true);
  await name.fill("Second");
  await form.getByRole("button", { name: /^Create/ }).click();
  await form.getByText("Already in use").waitFor();
  await expectFocused(page, () => document.activeElement?.getAttribute("aria-invalid") === "true");

  // Changed back: no question.
  await name.fill("");
  await page.keyboard.press("Escape");
  await form.waitFor({ state: "detached" });
  await expectFocus(page, "Create Token");

  // A revoke, canceled and done, returns to the menu of its row, or to the row that took its place.
  await page.goto(`${installation.server.url}/sensors/tokens?status=active&sort=name&order=asc`);
  await page.getByRole("button", { name: "Actions for First" }).click();
  await page.getByRole("menuitem", { name: "Revoke…" }).click();
  await page.getByRole("dialog", { name: "Revoke Enrollment Token?" }).waitFor();
  await page.keyboard.press("Escape");
  await expectFocus(page, "Actions for First");
  await page.keyboard.press("Enter");
  await page.getByRole("menuitem", { name: "Revoke…" }).press("Enter");
  await page.getByRole("button", { name: "Revoke token" }).press("Enter");
  await page.getByRole("row", { name: /First/ }).waitFor({ state: "detached" });
  await expectFocused(page, () => document.activeElement?.closest("tr")?.textContent?.includes("Second"));

  // A row's page and Back, then a saved form that asks nothing.
  await page.getByRole("link", { name: "Third" }).press("Enter");
  await page.getByRole("heading", { name: "Third", level: 1 }).waitFor();
  await page.goBack();
  await expectFocused(page, () => document.activeElement?.closest("tr")?.textContent?.includes("Third"));
  await page.getByRole("link", { name: "Asset Groups" }).press("Enter");
  await page.getByRole("button", { name: "Actions for Finance" }).press("Enter");
  await page.getByRole("menuitem", { name: "Rename…" }).press("Enter");
  await page.getByRole("dialog").getByRole("textbox", { name: "Name" }).fill("Finance EMEA");
  await page.keyboard.press("Enter");
  await page.getByRole("row", { name: /Finance EMEA/ }).waitFor();
  await expectFocused(page, () => document.activeElement?.closest("tr") !== null);

  // A link of the page behind asks, and leaves when the changes are discarded.
  await page.getByRole("link", { name: "Create Asset Group" }).press("Enter");
  await page.getByRole("dialog").getByRole("textbox", { name: "Name" }).fill("Lost");
  await page.goBack();
  await question.getByRole("button", { name: "Discard changes" }).click();
  await page.getByRole("dialog").first().waitFor({ state: "detached" });
  expect(new URL(page.url()).pathname).toBe("/assets/groups");
});

async function expectFocus(page: Page, name: string): Promise<void> {
  await page.waitForFunction((name) => {
    const focused = document.activeElement;
    return focused?.getAttribute("aria-label") === name || focused?.textContent?.trim() === name;
  }, name);
}

async function expectFocused(page: Page, condition: () => boolean | undefined): Promise<void> {
  await page.waitForFunction(condition);
}
