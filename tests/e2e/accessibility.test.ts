// Every page in both themes against the automated rules of WCAG 2.2 AA, and with the keyboard only.
import { expect, test } from "bun:test";
import { createAssetGroup } from "@attacklens/protocol/asset-groups.ts";
import { listAssets } from "@attacklens/protocol/assets.ts";
import { listSensors, mergeSensor } from "@attacklens/protocol/sensors.ts";
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";
import { ALL_KILLS } from "../../harness/all-kills.ts";
import { runSensor } from "../../harness/programs.ts";
import { openBrowser } from "../support/browser.ts";
import { enrollOverHttp } from "../support/http-sensor.ts";
import { openInstallation, type User } from "../support/installation.ts";
import { createToken, enrollSensor } from "../support/sensors.ts";

/** About 30 pages, each checked by axe. */
const PAGES_TIMEOUT_MS = 600_000;
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
/** With ALL_KILLS=1, colors are checked on every page, not only on pages with new colors. */
const ALL_PAGES = ALL_KILLS;
/** The rules that depend on the theme. */
const RULES_OF_COLOR = ["color-contrast", "link-in-text-block"];

test(
  "no page has an accessibility violation in light or dark",
  async () => {
    await using installation = await openInstallation({ database: "sqlite", checkInIntervalSeconds: 1 });
    await using browser = await openBrowser();
    const { url, setupLink } = installation.server;
    const visitor = await browser.openPage();
    await visitor.goto(setupLink as string);
    await expectAccessible(visitor, "Set up AttackLens");
    const ada = await installation.createSuperAdmin();
    await visitor.goto(`${url}/sign-in`);
    await expectAccessible(visitor, "Sign in");

    const viewport = { width: 1024, height: 768 };
    const page = await browser.openPageAs(ada, installation, { viewport });
    for (const path of [
      "/",
      "/sensors",
      "/sensors/tokens",
      "/assets",
      "/assets/groups",
      "/settings/api-keys",
    ]) {
      await page.goto(url + path);
      await expectAccessible(page, `${path}, empty`);
    }
    await ada.call(createAssetGroup, { body: { name: "Finance" } });
    const token = await createToken(ada, "Production");
    const { stateDir, code } = await enrollSensor(installation, token.value);
    expect(code).toBe(0);
    await runSensor(["run", "--once", "--state", stateDir]);
    const sensorId = (await ada.call(listSensors)).items[0]?.id;
    const assetId = (await ada.call(listAssets)).items[0]?.id;
    const categories = ["overview", "packages", "services", "ports", "users", "security", "system"];
    const paths = [
      ...["/", "/sensors", "/sensors/tokens", "/sensors/tokens/new", `/sensors/tokens/${token.id}`],
      ...["edit", "rotate", "rollout", "rollout/expected"].map(
        (page) => `/sensors/tokens/${token.id}/${page}`,
      ),
      ...["/assets", `/assets/${assetId}`, "/assets/groups", "/assets/groups/new", "/nowhere"],
      ...["/settings/api-keys", "/settings/api-keys/new"],
      ...categories.map((category) => `/sensors/${sensorId}/${category}`),
    ];
    for (const path of paths) {
      await page.goto(url + path);
      await expectAccessible(page, path);
    }
    await expectMatchesAccessible(page, ada, url, token.value);
  },
  PAGES_TIMEOUT_MS,
);

test("a user creates a token with the keyboard only", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  await using browser = await openBrowser();
  const ada = await installation.createSuperAdmin();
  const page = await browser.openPageAs(ada, installation);
  await page.getByRole("link", { name: "Enrollment Tokens" }).press("Enter");
  // The overview has a link of this name too.
  await page.getByRole("heading", { name: "Enrollment Tokens", level: 1 }).waitFor();
  await page.getByRole("link", { name: "Create Token" }).first().press("Enter");
  await page.getByRole("dialog", { name: "Create Enrollment Token" }).waitFor();
  await page.keyboard.type("Typed");
  await page.keyboard.press("Enter");
  const shown = page.getByRole("dialog", { name: "Store the token now" });
  await shown.waitFor();
  await page.keyboard.press("Escape");
  await shown.getByRole("checkbox", { name: "I have stored it" }).press("Space");
  await shown.getByRole("button", { name: "Close" }).press("Enter");
  await page.getByRole("row", { name: /Typed/ }).waitFor();
});

/** A possible duplicate, and a merged one. */
async function expectMatchesAccessible(page: Page, ada: User, url: string, token: string) {
  const enroll = (hostname: string, number: number) => {
    const hardware = {
      productUuid: `4c4c4544-0042-3510-8052-b4c04f33400${number}`,
      serialNumber: `B5R${number}`,
    };
    return enrollOverHttp(url, token, { hostname, ...hardware });
  };
  await enroll("db-07", 1);
  const old = await enroll("db-08", 2);
  const { id } = await enroll("localhost", 1);
  const successor = await enroll("db-08", 2);
  await page.goto(`${url}/sensors/${id}/overview`);
  await page.getByRole("heading", { name: "Possible duplicate of db-07" }).waitFor();
  await expectAccessible(page, "possible duplicate");
  await page.getByRole("button", { name: "Merge with db-07…" }).click();
  await page.getByRole("dialog", { name: "Merge with db-07?" }).waitFor();
  await expectAccessible(page, "merging");
  const body = { predecessorId: old.id };
  await ada.call(mergeSensor, { params: { id: successor.id }, body });
  const paths = ["/", "/sensors?match=any", "/sensors?status=replaced"];
  for (const path of [...paths, `/sensors/${old.id}/overview`, `/sensors/${successor.id}/overview`]) {
    await page.goto(url + path);
    await expectAccessible(page, path);
  }
}

/** The combinations of colors and sizes that axe has checked, by theme. */
const seenLooks = { light: new Set<string>(), dark: new Set<string>() };

/** Checks everything but colors in one theme, and colors in each theme in which the page has new ones. */
async function expectAccessible(page: Page, where: string): Promise<void> {
  await page.getByRole("heading", { level: 1 }).first().waitFor();
  for (const theme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme: theme });
    await page.locator(`html[data-mantine-color-scheme=${theme}]`).waitFor();
    // A dialog has no contrast while it fades in.
    await page.waitForFunction(() =>
      document.getAnimations().every(({ playState }) => playState !== "running"),
    );
    const looks = (await page.evaluate(listLooks)).filter((look) => !seenLooks[theme].has(look));
    const hasNewLooks = ALL_PAGES || looks.length > 0;
    if (theme === "dark" && !hasNewLooks) continue;
    await expectNoViolation(page, theme, where, (axe) => {
      if (theme === "dark") return axe.withRules(RULES_OF_COLOR);
      return hasNewLooks ? axe.withTags(TAGS) : axe.withTags(TAGS).disableRules(RULES_OF_COLOR);
    });
    for (const look of looks) seenLooks[theme].add(look);
  }
}

/** Runs in the page. Returns the properties that determine the contrast of each visible text. */
function listLooks(): string[] {
  const looks = new Set<string>();
  for (const element of document.querySelectorAll("body *")) {
    const hasText = Array.from(element.childNodes).some(
      (node) => node.nodeType === Node.TEXT_NODE && node.nodeValue?.trim(),
    );
    if (!hasText && !(element instanceof HTMLInputElement)) continue;
    if (!element.checkVisibility({ visibilityProperty: true })) continue;
    const { color, fontSize, fontWeight, textDecorationLine } = getComputedStyle(element);
    const look = [element.tagName, color, fontSize, fontWeight, textDecorationLine];
    // axe does not check these. The same look elsewhere must still be checked.
    const isExempt = element.closest("[disabled], [data-disabled], [aria-disabled=true], [aria-hidden=true]");
    look.push(isExempt ? "exempt" : "");
    // The backgrounds down to the first opaque one, and every opacity.
    let isGroundFound = false;
    for (let one: Element | null = element; one; one = one.parentElement) {
      const { backgroundColor, backgroundImage, opacity } = getComputedStyle(one);
      if (opacity !== "1") look.push(`opacity ${opacity}`);
      if (isGroundFound || (backgroundColor === "rgba(0, 0, 0, 0)" && backgroundImage === "none")) continue;
      look.push(backgroundColor, backgroundImage);
      isGroundFound = backgroundColor.startsWith("rgb(");
    }
    // A link must differ from the text that it is in.
    if (element.tagName === "A" && element.parentElement)
      look.push(getComputedStyle(element.parentElement).color, element.parentElement.tagName);
    looks.add(look.join(" "));
  }
  return [...looks];
}

async function expectNoViolation(
  page: Page,
  theme: string,
  where: string,
  choose: (axe: AxeBuilder) => AxeBuilder,
): Promise<void> {
  // The default mode supports frames, but opens another page each time.
  const { violations } = await choose(
    new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ["violations"] }),
  ).analyze();
  const found = violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${help}: ${target.join(" ")}\n${failureSummary}`),
  );
  expect(found, `${where} in ${theme}`).toEqual([]);
}
