import { expect, test } from "bun:test";
import { createAssetGroup } from "@attacklens/protocol/asset-groups.ts";
import { listEnrollmentTokens } from "@attacklens/protocol/enrollment-tokens.ts";
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
  await page
    .getByRole("row", { name: /Finance/ })
    .getByRole("button")
    .last()
    .click();
  await page.getByRole("menuitem", { name: "Rename" }).click();
  const name = page.getByRole("dialog").getByRole("textbox", { name: "Name" });
  await name.fill("Finance EMEA");
  await name.press("Enter");
  const renamed = page.getByRole("row", { name: /Finance EMEA/ });
  await renamed.waitFor();

  await renamed.getByRole("button").last().click();
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
