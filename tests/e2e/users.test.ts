// A new colleague's way: invitation, first token, and the end of the access.
import { expect, test } from "bun:test";
import { streamChanges } from "@attacklens/protocol/changes.ts";
import { openBrowser } from "../support/browser.ts";
import { openInstallation, PASSWORD } from "../support/installation.ts";

test("an invited colleague accepts, creates a token, and is out with the next request after being disabled", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  await using browser = await openBrowser();
  const ada = await installation.createSuperAdmin();
  const page = await browser.openPageAs(ada, installation);
  await page.getByRole("link", { name: "Users" }).click();
  await page.getByRole("row", { name: /\(you\).*Super Admin.*Active/ }).waitFor();
  await page.getByRole("link", { name: "Invite user" }).click();
  const invite = page.getByRole("dialog", { name: "Invite user" });
  await invite.getByRole("textbox", { name: "Name" }).fill("Grace Hopper");
  await invite.getByRole("textbox", { name: "Email" }).fill(ada.email);
  await invite.getByRole("radio", { name: "Posture Manager" }).check();
  await invite.getByRole("button", { name: "Create invitation" }).click();
  await invite.getByText("Already belongs to a user").waitFor();
  await invite.getByRole("textbox", { name: "Email" }).fill("grace@example.com");
  await invite.getByRole("button", { name: "Create invitation" }).click();
  const shown = page.getByRole("dialog", { name: "Send this link" });
  const link = await shown.getByRole("textbox", { name: "Link for grace@example.com" }).inputValue();
  expect(link).toStartWith(`${installation.server.url}/accept#atl_lnk_`);
  await shown.getByRole("checkbox").check();
  await shown.getByRole("button", { name: "Close" }).click();
  await page
    .getByRole("row", { name: /Grace Hopper.*Posture Manager.*Invited.*expires in 7 d.*Never/ })
    .waitFor();

  const theirs = await browser.openPage();
  const urls: string[] = [];
  theirs.on("request", (request) => urls.push(request.url()));
  await theirs.goto(link);
  await theirs.getByText(/invited you. Your role is Posture Manager: you can manage/).waitFor();
  expect(theirs.url(), "the value must not stay in the address bar").toEndWith("/accept");
  expect(await theirs.getByRole("textbox", { name: "Email" }).inputValue()).toBe("grace@example.com");
  await theirs.getByRole("textbox", { name: "Password", exact: true }).fill(PASSWORD);
  await theirs.getByRole("textbox", { name: "Repeat password" }).fill(`${PASSWORD}!`);
  await theirs.getByRole("button", { name: "Accept invitation" }).click();
  await theirs.getByText("The passwords do not match").waitFor();
  await theirs.getByRole("textbox", { name: "Repeat password" }).fill(PASSWORD);
  await theirs.getByRole("button", { name: "Accept invitation" }).click();
  await theirs.getByRole("heading", { name: "Overview", level: 1 }).waitFor();
  await theirs.getByRole("button", { name: /Grace Hopper.*Posture Manager/ }).waitFor();
  expect(await theirs.getByRole("link", { name: "Users" }).count()).toBe(0);
  expect(urls.filter((url) => url.replace(/#.*/, "").includes("atl_lnk"))).toEqual([]);

  await theirs.getByRole("link", { name: "Enrollment Tokens" }).first().click();
  await theirs.getByRole("link", { name: "Create Token" }).first().click();
  const create = theirs.getByRole("dialog", { name: "Create Enrollment Token" });
  await create.getByRole("textbox", { name: "Name" }).fill("Grace's first token");
  await create.getByRole("button", { name: /^Create/ }).click();
  const token = theirs.getByRole("dialog", { name: "Store the token now" });
  await token.getByRole("checkbox", { name: "I have stored it" }).check();
  await token.getByRole("button", { name: "Close" }).click();
  await theirs.getByRole("row", { name: /Grace's first token/ }).waitFor();

  // The list followed the sign-in without a reload.
  await page.getByRole("row", { name: /Grace Hopper.*Active.*(just now|ago)/ }).waitFor();
  const readStream = theirs.evaluate(async (path) => {
    const reply = await fetch(path);
    return await reply.text();
  }, streamChanges.path);
  await page.getByRole("button", { name: "Actions for Grace Hopper" }).click();
  await page.getByRole("menuitem", { name: "Disable…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Disable user" }).click();
  await page.getByRole("row", { name: /Grace Hopper.*Disabled/ }).waitFor();
  expect(await readStream, "the open stream ended").toContain("retry");
  const status = (path: string) => theirs.evaluate(async (path) => (await fetch(path)).status, path);
  expect([await status("/api/v1/me"), await status(streamChanges.path)]).toEqual([401, 401]);
  // The page noticed it without a click.
  await theirs.getByRole("heading", { name: "Sign in" }).waitFor();

  await theirs.goto(link.slice(0, -1));
  await theirs.getByText("This link is not complete.").waitFor();
  await theirs.goto(link);
  await theirs.getByText("This invitation was already used.").waitFor();
  await theirs.getByRole("link", { name: "Go to sign-in" }).click();
  await theirs.getByRole("heading", { name: "Sign in" }).waitFor();
});
