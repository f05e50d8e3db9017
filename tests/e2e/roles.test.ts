import { expect, test } from "bun:test";
import { createAssetGroup } from "@attacklens/protocol/asset-groups.ts";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { openBrowser } from "../support/browser.ts";
import { openInstallation } from "../support/installation.ts";
import { createToken } from "../support/sensors.ts";

test("a Viewer sees everything, and disabled actions show their reason", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  await using browser = await openBrowser();
  const ada = await installation.createSuperAdmin();
  await createToken(ada, "Production");
  await ada.call(createAssetGroup, { body: { name: "Finance" } });
  const vera = await installation.createUser("viewer");
  const page = await browser.openPageAs(vera, installation);

  await page.getByRole("link", { name: "Enrollment Tokens" }).click();
  await page.getByRole("row", { name: /Production/ }).waitFor();
  const create = page.getByRole("button", { name: "Create Token" });
  expect(await create.getAttribute("aria-disabled")).toBe("true");
  expect(await create.getAttribute("aria-description")).toContain("Posture Manager");
  await page.getByRole("button", { name: "Actions for Production" }).click();
  const revoke = page.getByRole("menuitem", { name: /^Revoke…/ });
  expect(await revoke.getAttribute("aria-disabled")).toBe("true");
  expect(await revoke.textContent()).toContain("Posture Manager");
  await page.keyboard.press("Escape");

  await page.getByRole("link", { name: "Asset Groups" }).click();
  await page.getByRole("row", { name: /Finance/ }).waitFor();
  expect(await page.getByRole("button", { name: "Create Asset Group" }).getAttribute("aria-disabled")).toBe(
    "true",
  );

  const body = { name: "By hand", scope: { type: "all-assets" as const }, expiresAt: null };
  await expect(vera.call(createEnrollmentToken, { body })).rejects.toMatchObject({
    code: "permission-missing",
  });
});
