// Pages that are open while somebody else changes what they show.
import { expect, test } from "bun:test";
import { revokeEnrollmentToken, updateEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import type { Page } from "playwright-core";
import { openBrowser } from "../support/browser.ts";
import { openInstallation } from "../support/installation.ts";
import { createToken, enrollSensor } from "../support/sensors.ts";

const STREAM = "/api/v1/changes";

/** From its next load on, the page asks for nothing again by an interval, so that what it shows has come by the stream of changes. */
async function stopAsking(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const begin = globalThis.setInterval;
    const isAsking = (delay: number | undefined) => (delay ?? 0) >= 5_000;
    globalThis.setInterval = ((work: () => void, delay?: number) =>
      begin(isAsking(delay) ? () => {} : work, delay)) as typeof setInterval;
  });
}

/** Loads the page again, until its stream of changes is open. */
async function reloadListening(page: Page): Promise<void> {
  const stream = page.waitForResponse((reply) => reply.url().endsWith(STREAM));
  await page.reload();
  expect((await stream).status()).toBe(200);
}

test.each(["sqlite", "postgres"] as const)(
  "an open list changes when another person or a sensor changes something (%s)",
  async (database) => {
    await using installation = await openInstallation({ database });
    await using browser = await openBrowser();
    const ada = await installation.createSuperAdmin();
    const token = await createToken(ada, "Shared");
    const page = await browser.openPageAs(ada, installation);
    await stopAsking(page);
    await reloadListening(page);
    await page.getByRole("link", { name: "Enrollment Tokens" }).click();
    const row = page.getByRole("row", { name: /Shared/ });
    await row.getByText("Active").waitFor();

    const { code } = await enrollSensor(installation, token.value);
    expect(code).toBe(0);
    await row.getByRole("link", { name: "1", exact: true }).waitFor();
    await ada.call(revokeEnrollmentToken, { params: { id: token.id } });
    await row.getByText("Revoked").waitFor();
  },
);

test("what changes after a page is loaded and before its stream of changes opens is shown", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  await using browser = await openBrowser();
  const ada = await installation.createSuperAdmin();
  const page = await browser.openPageAs(ada, installation);
  await stopAsking(page);
  const opening = Promise.withResolvers<void>();
  await page.route(`**${STREAM}`, async (route) => {
    await opening.promise;
    await route.continue();
  });
  await page.goto(`${installation.server.url}/sensors/tokens`);
  await page.getByText("No Enrollment Tokens yet").waitFor();
  await createToken(ada, "Early");
  opening.resolve();
  await page.getByRole("row", { name: /Early/ }).waitFor();
});

test("a token ticks over to Expired by itself", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  await using browser = await openBrowser();
  const ada = await installation.createSuperAdmin();
  const { id } = await createToken(ada, "Short");
  const page = await browser.openPageAs(ada, installation);
  await stopAsking(page);
  await reloadListening(page);
  await page.getByRole("link", { name: "Enrollment Tokens" }).click();
  const row = page.getByRole("row", { name: /Short/ });
  await row.getByText("Active").waitFor();
  const expiresAt = new Date(Date.now() + 4_000).toISOString();
  await ada.call(updateEnrollmentToken, { params: { id }, body: { expiresAt } });
  await row.getByText("Expired").waitFor();
});
