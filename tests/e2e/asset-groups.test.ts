import { expect, test } from "bun:test";
import { createAssetGroup, listAssetGroups } from "@attacklens/protocol/asset-groups.ts";
import { createEnrollmentToken, listEnrollmentTokens } from "@attacklens/protocol/enrollment-tokens.ts";
import type { Locator, Page } from "playwright-core";
import { openBrowser } from "../support/browser.ts";
import { openInstallation } from "../support/installation.ts";

const DAY_MS = 86_400_000;

test("a user renames and deletes a group, then deletes a token whose group is gone", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  await using browser = await openBrowser();
  const ada = await installation.createSuperAdmin();
  await ada.call(createAssetGroup, { body: { name: "Finance" } });
  const page = await browser.openPageAs(ada, installation, { timezoneId: "Asia/Tokyo" });

  await page.getByRole("link", { name: "Enrollment Tokens" }).click();
  await page.getByRole("link", { name: "Create Token" }).first().click();
  const form = page.getByRole("dialog", { name: "Create Enrollment Token" });
  await form.getByRole("textbox", { name: "Name" }).fill("Finance Department Endpoints");
  await form.getByRole("radio", { name: "Specific Asset Group" }).check();
  await form.getByRole("combobox", { name: "Asset Group" }).click();
  await page.getByRole("option", { name: "Finance" }).click();
  await expectTimeKept(page, form);
  await form.getByRole("radio", { name: "Custom date" }).check();
  await form.getByRole("button", { name: "7 days" }).click();
  await form.getByText("Asia/Tokyo").waitFor();
  await form.getByRole("button", { name: "Create", exact: true }).click();
  const shown = page.getByRole("dialog", { name: "Store the token now" });
  await shown.getByRole("checkbox", { name: "I have stored it" }).check();
  await shown.getByRole("button", { name: "Close" }).click();
  const [token] = (await ada.call(listEnrollmentTokens)).items;
  expect(Math.abs(Date.parse(token?.expiresAt ?? "") - Date.now() - 7 * DAY_MS)).toBeLessThan(DAY_MS / 24);

  await page.getByRole("link", { name: "Asset Groups" }).click();
  await page.getByRole("button", { name: "Actions for Finance", exact: true }).click();
  await page.getByRole("menuitem", { name: "Rename" }).click();
  const name = page.getByRole("dialog").getByRole("textbox", { name: "Name" });
  await name.fill("Finance EMEA");
  await name.press("Enter");
  const renamed = page.getByRole("row", { name: /Finance EMEA/ });
  await renamed.waitFor();

  await renamed.getByRole("button", { name: "Actions for Finance EMEA" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await page.getByText("1 Enrollment Token stops working.").waitFor();
  await page.getByRole("button", { name: "Delete asset group" }).click();
  await page.getByText("No Asset Groups yet").waitFor();

  await page.getByRole("link", { name: "Enrollment Tokens" }).click();
  const row = page.getByRole("row", { name: /Finance Department Endpoints/ });
  await row.getByText("Group deleted").waitFor();
  await row.getByRole("link", { name: "Finance Department Endpoints" }).click();
  await page.getByRole("button", { name: "Actions", exact: true }).click();
  await page.getByRole("menuitem", { name: /^Delete/ }).click();
  const refused: string[] = [];
  page.on("response", (response) => {
    if (response.status() >= 400) refused.push(response.url());
  });
  await page.getByRole("button", { name: "Delete token" }).click();
  await page.getByText("“Finance Department Endpoints” is deleted.").waitFor();
  await row.waitFor({ state: "detached" });
  expect(refused, "nothing that was deleted is fetched").toEqual([]);
  expect((await ada.call(listEnrollmentTokens)).total).toBe(0);
});

/** A preset shows that it is chosen, and a chosen day keeps the time of the field. */
async function expectTimeKept(page: Page, form: Locator): Promise<void> {
  const preset = (name: string) => form.getByRole("button", { name, exact: true });
  expect(await preset("7 days").getAttribute("aria-pressed")).toBe("true");
  await preset("30 days").press("Enter");
  await form.locator("button[aria-pressed=true]", { hasText: "30 days" }).waitFor();
  expect(await preset("7 days").getAttribute("aria-pressed")).toBe("false");
  const field = form.getByRole("button", { name: /^Expiry:/ });
  const timeOf = async () => /\d+:\d\d.*$/.exec((await field.textContent()) ?? "")?.[0];
  const time = await timeOf();
  expect(time).toBeDefined();
  await field.press("Enter");
  await page.getByRole("button", { name: "Next month" }).press("Enter");
  await page
    .locator("button[data-mantine-stop-propagation] , .mantine-DateTimePicker-day")
    .filter({ hasText: /^15$/ })
    .first()
    .press("Enter");
  await page.keyboard.press("Escape");
  await field.filter({ hasText: "15" }).waitFor();
  expect(await timeOf()).toBe(time);
  expect(await form.locator("button[aria-pressed=true]").count()).toBe(0);
}

test("a group is created with its token, and the deletion of a large one asks for its name", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  await using browser = await openBrowser();
  const ada = await installation.createSuperAdmin();
  const page = await browser.openPageAs(ada, installation, { path: "/sensors/tokens/new" });
  const form = page.getByRole("dialog", { name: "Create Enrollment Token" });
  await form.getByRole("textbox", { name: "Name" }).fill("Berlin");
  await form.getByRole("radio", { name: "Specific Asset Group" }).check();
  await form.getByRole("button", { name: "Create", exact: true }).click();
  await form.getByText("Required").waitFor();
  await form.getByRole("combobox", { name: "Asset Group" }).fill("Branch Offices");
  await form.getByText("A new asset group “Branch Offices” will be created.").waitFor();
  await form.getByRole("button", { name: "Create", exact: true }).click();
  await page.getByRole("dialog", { name: "Store the token now" }).waitFor();
  const group = (await ada.call(listAssetGroups)).items[0];
  expect((await ada.call(listEnrollmentTokens)).items[0]?.scope).toMatchObject({
    assetGroup: { id: group?.id },
  });

  // An existing group, typed in other case, is not created again.
  const { url } = installation.server;
  for (const name of ["Hamburg", "Munich"]) {
    await ada.call(createEnrollmentToken, {
      body: { name, scope: { type: "asset-group", assetGroupId: group?.id ?? "" }, expiresAt: null },
    });
  }
  const again = await browser.openPageAs(ada, installation, { path: "/sensors/tokens/new" });
  await again.getByRole("textbox", { name: "Name" }).fill("Cologne");
  await again.getByRole("radio", { name: "Specific Asset Group" }).check();
  await again.getByRole("combobox", { name: "Asset Group" }).fill("branch offices");
  await again.getByRole("button", { name: "Create", exact: true }).click();
  await again.getByRole("dialog", { name: "Store the token now" }).waitFor();
  expect((await ada.call(listAssetGroups)).total).toBe(1);

  const list = await browser.openPageAs(ada, installation, { path: "/assets/groups" });
  await list.goto(`${url}/assets/groups`);
  await list.getByRole("button", { name: "Actions for Branch Offices" }).click();
  await list.getByRole("menuitem", { name: "Delete…" }).click();
  const dialog = list.getByRole("dialog", { name: "Delete Asset Group?" });
  const confirm = dialog.getByRole("button", { name: "Delete asset group" });
  await dialog.getByText("4 Enrollment Tokens stop working.").waitFor();
  expect(await confirm.isDisabled()).toBe(true);
  await dialog.getByRole("textbox", { name: "Type “Branch Offices” to confirm" }).fill("Branch Offices");
  await confirm.click();
  await list.getByText("No Asset Groups yet").waitFor();
});
