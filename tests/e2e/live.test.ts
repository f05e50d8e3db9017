// Pages that are open while somebody else changes what they show.
import { expect, test } from "bun:test";
import { createEnrollmentToken, revokeEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { openBrowser } from "../support/browser.ts";
import { openInstallation } from "../support/installation.ts";
import { createToken, enrollSensor } from "../support/sensors.ts";

/** Below the 15 seconds after which a page asks by itself while the stream is open. */
const SOON = { timeout: 5_000 };

test.each(["sqlite", "postgres"] as const)(
  "an open list changes when another person or a sensor changes something (%s)",
  async (database) => {
    await using installation = await openInstallation({ database });
    await using browser = await openBrowser();
    const ada = await installation.createSuperAdmin();
    const token = await createToken(ada, "Shared");
    const page = await browser.openPageAs(ada, installation);
    const stream = page.waitForResponse((reply) => reply.url().endsWith("/api/v1/changes"));
    await page.reload();
    expect((await stream).status()).toBe(200);
    await page.getByRole("link", { name: "Enrollment Tokens" }).click();
    const row = page.getByRole("row", { name: /Shared/ });
    await row.getByText("Active").waitFor();

    const { code } = await enrollSensor(installation, token.value);
    expect(code).toBe(0);
    await row.getByRole("link", { name: "1", exact: true }).waitFor(SOON);
    await ada.call(revokeEnrollmentToken, { params: { id: token.id } });
    await row.getByText("Revoked").waitFor(SOON);
  },
);

test("a token ticks over to Expired by itself", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  await using browser = await openBrowser();
  const ada = await installation.createSuperAdmin();
  const page = await browser.openPageAs(ada, installation);
  await page.getByRole("link", { name: "Enrollment Tokens" }).click();
  const expiresAt = new Date(Date.now() + 6_000).toISOString();
  await ada.call(createEnrollmentToken, {
    body: { name: "Short", scope: { type: "all-assets" }, expiresAt },
  });
  const row = page.getByRole("row", { name: /Short/ });
  await row.getByText("Active").waitFor(SOON);
  await row.getByText("Expired").waitFor({ timeout: 8_000 });
});
