// The audit log: an Admin finds an event, reads what changed, and saves it. A Viewer reads a history.
import { expect, test } from "bun:test";
import { createApiKey } from "@attacklens/protocol/api-keys.ts";
import { createAssetGroup, deleteAssetGroup, renameAssetGroup } from "@attacklens/protocol/asset-groups.ts";
import { updateEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { getUpdates, updateUpdateRing } from "@attacklens/protocol/update-rings.ts";
import { openBrowser } from "../support/browser.ts";
import { openInstallation } from "../support/installation.ts";
import { createToken } from "../support/sensors.ts";

test("an Admin finds an event and its difference, and a Viewer reads a history without addresses", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  await using browser = await openBrowser();
  const ada = await installation.createSuperAdmin();
  const token = await createToken(ada, "Production");
  const params = { id: token.id };
  await ada.call(updateEnrollmentToken, {
    params,
    body: { maxEnrollments: 5, allowedNetworks: ["10.0.0.0/8"] },
  });
  const finance = await ada.call(createAssetGroup, { body: { name: "Finance" } });
  await ada.call(renameAssetGroup, { params: { id: finance.id }, body: { name: "Finance EU" } });

  const page = await browser.openPageAs(ada, installation, { path: "/settings/audit?q=production" });
  await page.getByRole("heading", { name: "Audit log", level: 1 }).waitFor();
  await page.getByText("2 matching").waitFor();
  await page.getByRole("button", { name: "Changed enrollment token" }).click();
  const dialog = page.getByRole("dialog", { name: "Changed enrollment token: Production" });
  await dialog.getByRole("row", { name: "Enrollment limit No limit 5 enrollments" }).waitFor();
  await dialog.getByRole("row", { name: "Allowed networks Added: 10.0.0.0/8" }).waitFor();
  await dialog.getByRole("link", { name: "Production" }).waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });

  await page.getByRole("button", { name: "Export" }).click();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("menuitem", { name: "JSON lines" }).click(),
  ]);
  const lines = (await Bun.file(await download.path()).text()).trim().split("\n");
  expect(lines.map((line) => JSON.parse(line).entityName)).toEqual([undefined, "Production", "Production"]);

  // A filter is in the URL, and an event of another user appears without a reload.
  await page.getByRole("button", { name: "Clear", exact: true }).click();
  await page.getByRole("button", { name: "Object" }).click();
  await page.getByRole("menuitemradio", { name: "Asset group" }).click();
  await page.getByText("2 matching").waitFor();
  expect(page.url()).toEndWith("/settings/audit?entityType=asset-group");
  await ada.call(deleteAssetGroup, { params: { id: finance.id } });
  await page.getByText("3 matching").waitFor();
  expect(await page.getByRole("link", { name: "Finance EU" }).count()).toBe(0);

  // Objects without a page show their history in a dialog.
  const expiresAt = new Date(Date.now() + 86_400_000).toISOString();
  await ada.call(createApiKey, { body: { name: "Pipeline", role: "viewer", expiresAt } });
  for (const [path, name, action] of [
    ["/settings/api-keys", "Pipeline", "Created API key"],
    ["/team/users", ada.name, "Signed in"],
  ] as const) {
    await page.goto(installation.server.url + path);
    await page.getByRole("button", { name: `Actions for ${name}` }).click();
    await page.getByRole("menuitem", { name: "Show history" }).click();
    const shown = page.getByRole("dialog", { name: `History of ${name}` });
    await shown.getByText(action).first().waitFor();
    await page.keyboard.press("Escape");
    await shown.waitFor({ state: "detached" });
  }

  const viewer = await installation.createUser("viewer");
  const history = await browser.openPageAs(viewer, installation, {
    path: `/sensors/tokens/${token.id}/history`,
  });
  await history.getByText("Changed enrollment token").waitFor();
  await history.getByText(/are shown to Admins/).waitFor();
  expect(await history.getByRole("columnheader", { name: "Address" }).count()).toBe(0);
  expect(await history.getByText("10.0.0.0/8").count()).toBe(0);
  expect(await history.getByRole("link", { name: "Audit log" }).count()).toBe(0);

  const { rings } = await ada.call(getUpdates);
  const ring = await ada.call(updateUpdateRing, { params: { id: rings[0]!.id }, body: { canaries: 7 } });
  await history.goto(`${installation.server.url}/sensors/updates`);
  const changed = history.getByRole("region", { name: "History" });
  await changed.getByRole("row", { name: new RegExp(`Changed update ring ${ring.name}`) }).waitFor();
  await history.getByRole("button", { name: `Actions for ${ring.name}` }).click();
  await history.getByRole("menuitem", { name: "Show history" }).click();
  const ofRing = history.getByRole("dialog", { name: `History of ${ring.name}` });
  await ofRing.getByRole("row", { name: /^Canaries/ }).waitFor();
});
