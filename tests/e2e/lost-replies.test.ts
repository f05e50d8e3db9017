// The console when replies are lost: pressing the button again creates one object, with a value that works.
import { expect, test } from "bun:test";
import { listApiKeys } from "@attacklens/protocol/api-keys.ts";
import { listEnrollmentTokens } from "@attacklens/protocol/enrollment-tokens.ts";
import type { Page } from "playwright-core";
import { runServerCommand } from "../../harness/programs.ts";
import { openBrowser } from "../support/browser.ts";
import { openInstallation, PASSWORD } from "../support/installation.ts";
import { enrollSensor } from "../support/sensors.ts";

/** The next POST to a path reaches the server, but the connection is cut instead of the reply. */
async function loseReply(page: Page, path: string): Promise<{ value: Promise<string> }> {
  const lost = Promise.withResolvers<string>();
  let isLost = false;
  await page.route(
    (url) => url.pathname === path,
    async (route) => {
      // The list behind the dialog has the same path.
      if (isLost || route.request().method() !== "POST") return await route.fallback();
      isLost = true;
      const reply = await route.fetch();
      lost.resolve(((await reply.json()) as { value?: string }).value ?? "");
      await route.abort("connectionreset");
    },
  );
  return { value: lost.promise };
}

test("a token and an API key whose replies are lost are created once", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  await using browser = await openBrowser();
  const ada = await installation.createSuperAdmin();
  const page = await browser.openPageAs(ada, installation);

  await page.getByRole("link", { name: "Enrollment Tokens" }).click();
  await page.getByRole("link", { name: "Create Token" }).first().click();
  const form = page.getByRole("dialog", { name: "Create Enrollment Token" });
  await form.getByRole("textbox", { name: "Name" }).fill("Production");
  const lostToken = await loseReply(page, "/api/v1/enrollment-tokens");
  await form.getByRole("button", { name: "Create", exact: true }).click();
  await form.getByText("The server cannot be reached.").waitFor();
  await form.getByRole("button", { name: "Create", exact: true }).click();
  const shown = page.getByRole("dialog", { name: "Store the token now" });
  const value = await shown.getByRole("textbox", { name: "Enrollment Token" }).inputValue();
  expect((await enrollSensor(installation, await lostToken.value, "lost")).code).not.toBe(0);
  expect((await enrollSensor(installation, value, "kept")).code).toBe(0);
  const { items: tokens } = await ada.call(listEnrollmentTokens);
  expect(tokens.map(({ name }) => name)).toEqual(["Production"]);

  await page.goto(`${installation.server.url}/settings/api-keys/new`);
  const keyForm = page.getByRole("dialog", { name: "Create API key" });
  await keyForm.getByRole("textbox", { name: "Name" }).fill("Pipeline");
  const lostKey = await loseReply(page, "/api/v1/api-keys");
  await keyForm.getByRole("button", { name: "Create key" }).click();
  await keyForm.getByText("The server cannot be reached.").waitFor();
  await keyForm.getByRole("button", { name: "Create key" }).click();
  const keyShown = page.getByRole("dialog", { name: "Store the key now" });
  const key = await keyShown.getByRole("textbox", { name: "API key" }).inputValue();
  const list = (apiKey: string) =>
    runServerCommand(["token", "list"], {
      environment: { ATTACKLENS_URL: installation.server.url, ATTACKLENS_API_KEY: apiKey },
    });
  expect((await list(await lostKey.value)).code).toBe(3);
  expect((await list(key)).code).toBe(0);
  expect((await ada.call(listApiKeys)).items.map(({ name }) => name)).toEqual(["Pipeline"]);
});

test("a setup whose reply is lost ends with the first Super Admin signed in", async () => {
  await using installation = await openInstallation({ database: "sqlite", isNew: true });
  await using browser = await openBrowser();
  const page = await browser.openPage();
  await page.goto(installation.server.setupLink!);
  await page.getByRole("textbox", { name: "Name" }).fill("Ada Super");
  await page.getByRole("textbox", { name: "Email" }).fill("ada@example.com");
  await page.getByRole("textbox", { name: "Password", exact: true }).fill(PASSWORD);
  await page.getByRole("textbox", { name: "Repeat password" }).fill(PASSWORD);
  await loseReply(page, "/api/v1/setup");
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByText("The server cannot be reached.").waitFor();
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByRole("heading", { name: "Overview", level: 1 }).waitFor();
});
