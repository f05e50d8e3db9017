import { expect, test } from "bun:test";
import { openBrowser } from "../support/browser.ts";
import { openInstallation, PASSWORD } from "../support/installation.ts";

test("the printed link makes the first Super Admin, who is signed in; then it is closed", async () => {
  await using installation = await openInstallation({ database: "postgres" });
  await using browser = await openBrowser();
  const { setupLink, url } = installation.server;
  const page = await browser.openPage();
  await page.goto(setupLink as string);
  expect(
    page.url(),
    "the code leaves the address, where a passer-by or a bookmark would keep it",
  ).not.toContain("code=");

  await page.getByRole("textbox", { name: "Name" }).fill("Ada Lovelace");
  await page.getByRole("textbox", { name: "E-mail" }).fill("ada@example.com");
  await page.getByRole("textbox", { name: "Password", exact: true }).fill("password1234");
  await page.getByRole("textbox", { name: "Repeat password" }).fill("password1234");
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByText(/guess/i).waitFor();

  await page.getByRole("textbox", { name: "Password", exact: true }).fill(PASSWORD);
  await page.getByRole("textbox", { name: "Repeat password" }).fill(PASSWORD);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByRole("heading", { name: "Overview", level: 1 }).waitFor();
  await page.getByRole("button", { name: /Ada Lovelace.*Super Admin/ }).waitFor();

  const other = await browser.openPage();
  await other.goto(setupLink as string);
  await other.getByRole("heading", { name: "Sign in" }).waitFor();
  await other.goto(url);
  await other.getByRole("button", { name: "Sign in" }).waitFor();
});

test("a person signs in; signing out ends the session, also for the back button", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  await using browser = await openBrowser();
  const ada = await installation.createSuperAdmin();
  const page = await browser.openPage();
  await page.goto(`${installation.server.url}/sign-in`);
  await page.getByRole("textbox", { name: "E-mail" }).fill(ada.email);
  await page.getByRole("textbox", { name: "Password" }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Overview", level: 1 }).waitFor();
  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await page.goBack();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
});
