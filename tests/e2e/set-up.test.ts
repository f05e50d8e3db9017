import { expect, test } from "bun:test";
import { openBrowser } from "../support/browser.ts";
import { openInstallation, PASSWORD } from "../support/installation.ts";

test("the printed link creates and signs in the first Super Admin, and works once", async () => {
  await using installation = await openInstallation({ database: "postgres" });
  await using browser = await openBrowser();
  const { setupLink, url } = installation.server;
  const page = await browser.openPage();
  await page.goto(setupLink as string);
  expect(page.url(), "the code must not stay in the address bar or in a bookmark").not.toContain("code=");

  await page.getByRole("textbox", { name: "Name" }).fill("Ada Lovelace");
  await page.getByRole("textbox", { name: "Email" }).fill("ada@example.com");
  await page.getByRole("textbox", { name: "Password", exact: true }).fill("password1234");
  await page.getByRole("textbox", { name: "Repeat password" }).fill("password1234");
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByText(/data breaches/).waitFor();

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

test("a user signs in, and signing out ends the session, also after the back button", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  await using browser = await openBrowser();
  const ada = await installation.createSuperAdmin();
  const page = await browser.openPage();
  await page.goto(`${installation.server.url}/sign-in`);
  await page.getByRole("textbox", { name: "Email" }).fill(ada.email);
  await page.getByRole("textbox", { name: "Password" }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Overview", level: 1 }).waitFor();
  await page.goto(`${installation.server.url}/sign-in?then=%2Fsensors%3Fstatus%3Donline`);
  await page.getByRole("heading", { name: "All sensors", level: 1 }).waitFor();
  expect(page.url()).toBe(`${installation.server.url}/sensors?filter=status:online`);
  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await page.goBack();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
});
