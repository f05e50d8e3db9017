// A user's own account in the browser: name, password, sessions, and the confirmation of an old sign-in.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { listApiKeys } from "@attacklens/protocol/api-keys.ts";
import { openBrowser } from "../support/browser.ts";
import { type Installation, openInstallation, PASSWORD } from "../support/installation.ts";

const NEW_PASSWORD = "amber kettle drifts 77";

/** Every sign-in seems to be an hour ago. */
function ageSessions({ folder }: Installation): void {
  using database = new Database(join(folder, "server", "attacklens.db"));
  database.run("pragma busy_timeout = 10000");
  database.run("update session set created_at = ?, confirmed_at = null", [Date.now() - 3_600_000]);
}

test("a user changes their name and password, ends sessions, and confirms an old sign-in", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  await using browser = await openBrowser();
  const ada = await installation.createSuperAdmin();
  const page = await browser.openPageAs(ada, installation);
  const dialog = (name: string) => page.getByRole("dialog", { name });

  // An old sign-in: the form keeps what was typed, and the action continues after the confirmation.
  ageSessions(installation);
  await page.getByRole("link", { name: "API keys" }).click();
  await page.getByRole("link", { name: "Create API key" }).first().click();
  await page.getByRole("textbox", { name: "Name" }).fill("Pipeline");
  await page.getByRole("button", { name: "Create", exact: false }).last().click();
  const confirmation = dialog("Confirm that it is you");
  await confirmation.waitFor();
  await page.keyboard.press("Escape");
  await confirmation.waitFor({ state: "detached" });
  await dialog("Create API key").getByText("did not confirm").waitFor();
  expect(await page.getByRole("textbox", { name: "Name" }).inputValue()).toBe("Pipeline");
  await page.getByRole("textbox", { name: "Name" }).press("Enter");
  await confirmation.getByRole("textbox", { name: "Your password" }).fill("wrong");
  await page.keyboard.press("Enter");
  await confirmation.getByText("Not correct").waitFor();
  await confirmation.getByRole("textbox", { name: "Your password" }).fill(PASSWORD);
  await page.keyboard.press("Enter");
  const shown = page.getByRole("dialog").filter({ hasText: "I have stored it" });
  await shown.getByRole("checkbox").check();
  await shown.getByRole("button", { name: "Close" }).click();
  await page.getByRole("row", { name: /Pipeline/ }).waitFor();
  expect((await ada.call(listApiKeys)).items.map(({ name }) => name)).toEqual(["Pipeline"]);

  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("menuitem", { name: "Account" }).click();
  await page.getByRole("link", { name: "Change name" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("Ada King");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("button", { name: /Ada King.*Super Admin/ }).waitFor();

  const other = await browser.openPage();
  await other.goto(`${installation.server.url}/sign-in`);
  await other.getByRole("textbox", { name: "Email" }).fill(ada.email);
  await other.getByRole("textbox", { name: "Password" }).fill(PASSWORD);
  await other.getByRole("button", { name: "Sign in" }).click();
  await other.getByRole("heading", { name: "Overview", level: 1 }).waitFor();

  const sessions = page.getByRole("list", { name: "Sessions" }).getByRole("listitem");
  await sessions.filter({ hasText: "Chrome on Linux" }).waitFor();
  await page.getByRole("link", { name: "Change password" }).click();
  await page.getByRole("textbox", { name: "Current password" }).fill(PASSWORD);
  await page.getByRole("textbox", { name: "New password", exact: true }).fill("stoplookingatmypassword");
  await page.getByRole("textbox", { name: "Repeat new password" }).fill("stoplookingatmypassword");
  await page.getByText("Password strength:").waitFor();
  await dialog("Change password").getByRole("button", { name: "Change password" }).click();
  await page.getByText("data breaches").waitFor();
  await page.getByRole("textbox", { name: "New password", exact: true }).fill(NEW_PASSWORD);
  await page.getByRole("textbox", { name: "Repeat new password" }).fill(NEW_PASSWORD);
  await dialog("Change password").getByRole("button", { name: "Change password" }).click();
  await page.getByText(/The password is changed/).waitFor();
  expect(await sessions.count()).toBe(1);
  // The stream of the other browser has ended, so it asks for a sign-in.
  await other.getByRole("heading", { name: "Sign in" }).waitFor();

  await page.getByRole("button", { name: "Sign out everywhere" }).click();
  await dialog("Sign out everywhere?").getByRole("button", { name: "Sign out everywhere" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
});
