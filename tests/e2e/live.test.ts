// Open pages show changes that other users and sensors make.
import { expect, test } from "bun:test";
import { revokeEnrollmentToken, updateEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import type { Page } from "playwright-core";
import { drawSome } from "../../harness/long-tests.ts";
import { openBrowser } from "../support/browser.ts";
import { openInstallation } from "../support/installation.ts";
import { createToken, enrollSensor } from "../support/sensors.ts";

const STREAM = "/api/v1/changes";

/** A page that does not poll updates only from the stream of changes. */
const WITHOUT_POLLING = {
  initScript: () => {
    const begin = globalThis.setInterval;
    const isPolling = (delay: number | undefined) => (delay ?? 0) >= 5_000;
    globalThis.setInterval = ((work: () => void, delay?: number) =>
      begin(isPolling(delay) ? () => {} : work, delay)) as typeof setInterval;
  },
};

/** Reloads the page and waits until its stream of changes is open. */
async function reloadWithStream(page: Page): Promise<void> {
  const stream = page.waitForResponse((reply) => reply.url().endsWith(STREAM));
  await page.reload();
  expect((await stream).status()).toBe(200);
}

test.each([...drawSome(["sqlite", "postgres"] as const)])(
  "an open list shows changes by another user or a sensor (%s)",
  async (database) => {
    await using installation = await openInstallation({ database });
    await using browser = await openBrowser();
    const ada = await installation.createSuperAdmin();
    const token = await createToken(ada, "Shared");
    const page = await browser.openPageAs(ada, installation, WITHOUT_POLLING);
    await reloadWithStream(page);
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

test("a page shows changes between its load and the opening of its stream of changes", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  await using browser = await openBrowser();
  const ada = await installation.createSuperAdmin();
  const page = await browser.openPageAs(ada, installation, WITHOUT_POLLING);
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

test("a token becomes Expired automatically", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  await using browser = await openBrowser();
  const ada = await installation.createSuperAdmin();
  const { id } = await createToken(ada, "Short");
  const page = await browser.openPageAs(ada, installation, WITHOUT_POLLING);
  await reloadWithStream(page);
  await page.getByRole("link", { name: "Enrollment Tokens" }).click();
  const row = page.getByRole("row", { name: /Short/ });
  await row.getByText("Active").waitFor();
  const expiresAt = new Date(Date.now() + 4_000).toISOString();
  await ada.call(updateEnrollmentToken, { params: { id }, body: { expiresAt } });
  await row.getByText("Expired").waitFor();
});
