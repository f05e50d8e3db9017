// Every page on a desktop, in a small window and on a phone: nothing is cut off without a way to read it.
import { expect, test } from "bun:test";
import { createAssetGroup } from "@attacklens/protocol/asset-groups.ts";
import { listAssets } from "@attacklens/protocol/assets.ts";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { listSensors } from "@attacklens/protocol/sensors.ts";
import type { Page } from "playwright-core";
import { openBrowser } from "../support/browser.ts";
import { enrollOverHttp } from "../support/http-sensor.ts";
import { openInstallation } from "../support/installation.ts";

const WIDTHS = [1440, 1024, 390];
const LONG = "Production Servers of the Finance Department in Northern Europe, Middle East and Africa";

test("no page overflows, and no text is cut off, at 1440, 1024 and 390 px", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  await using browser = await openBrowser();
  const ada = await installation.createSuperAdmin();
  const group = await ada.call(createAssetGroup, { body: { name: LONG } });
  const scope = { type: "asset-group" as const, assetGroupId: group.id };
  const { enrollmentToken, value } = await ada.call(createEnrollmentToken, {
    body: { name: LONG, scope, expiresAt: null, maxEnrollments: 12_000 },
  });
  const hostname = "web-frontend-production-eu-north-1a-0042.internal.example.com";
  await enrollOverHttp(installation.server.url, value, { hostname });
  const sensor = (await ada.call(listSensors)).items[0]?.id;
  const asset = (await ada.call(listAssets)).items[0]?.id;
  const token = `/sensors/tokens/${enrollmentToken.id}`;
  const page = await browser.openPageAs(ada, installation);
  const found: string[] = [];
  for (const path of [
    ...[
      "/",
      "/team/users",
      "/account",
      "/settings/audit",
      "/settings/system",
      "/sensors",
      `/sensors/${sensor}/overview`,
      `/sensors/${sensor}/packages`,
    ],
    ...["/sensors/tokens", "/sensors/tokens/new", token, `${token}/edit`, `${token}/rollout`],
    ...[
      "/sensors/deploy",
      "/sensors/updates",
      "/sensors/updates/hosts",
      "/assets",
      `/assets/${asset}`,
      `/assets/${asset}/move`,
    ],
    ...["/assets/groups", "/assets/groups/new", "/settings/api-keys", "/settings/api-keys/new", "/nowhere"],
  ]) {
    await page.goto(installation.server.url + path);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.getByRole("status", { name: "Loading" }).first().waitFor({ state: "detached" });
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      await page.evaluate(() => document.fonts.ready);
      found.push(...(await page.evaluate(findCutOff)).map((text) => `${path} at ${width}: ${text}`));
    }
  }
  if (found.length) console.log(found.join("\n"));
  expect(found).toEqual([]);
  expect(await page.evaluate(() => document.fonts.check("14px 'Inter Variable'"))).toBe(true);
  await expectDrawer(page);
});

/** Runs in the page. Commands and tabs scroll; an ellipsis needs the whole text on hover. */
function findCutOff(): string[] {
  const found: string[] = [];
  const nameOf = (element: Element) =>
    `${element.localName}.${element.className.toString().slice(0, 40)} ${element.textContent?.trim().slice(0, 50)}`;
  for (const element of document.querySelectorAll<HTMLElement>("html, body, body *")) {
    if (
      element.closest(
        "pre, code, .visually-hidden, svg, [aria-label=Token], thead, .mantine-InlineInput-root",
      )
    )
      continue;
    if (element.scrollWidth <= element.clientWidth + 1 || element.clientWidth === 0) continue;
    if (!element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
    const { overflowX, textOverflow, display } = getComputedStyle(element);
    if (display === "inline" || overflowX === "visible" || element instanceof HTMLInputElement) continue;
    const hasTitle = element.closest("[title]") !== null || element.querySelector("[title]") !== null;
    if (textOverflow === "ellipsis" && hasTitle) continue;
    found.push(`${nameOf(element)} (${element.scrollWidth} of ${element.clientWidth} px, ${overflowX})`);
  }
  return found;
}

/** The navigation of a phone opens over the page, and closes when a page opens. */
async function expectDrawer(page: Page): Promise<void> {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.getByRole("button", { name: "Open navigation" }).click();
  const drawer = page.getByRole("dialog", { name: "Navigation" });
  await drawer.getByRole("link", { name: "Asset Groups" }).click();
  await drawer.waitFor({ state: "detached" });
  await page.getByRole("heading", { name: "Asset Groups", level: 1 }).waitFor();
  await page.getByRole("button", { name: `Actions for ${LONG}` }).click();
  await page.getByRole("menuitem", { name: "Rename…" }).click();
  const dialog = page.getByRole("dialog", { name: "Rename Asset Group" });
  await dialog.getByRole("textbox", { name: "Name" }).waitFor();
  expect((await dialog.boundingBox())?.width).toBe(390);
}
