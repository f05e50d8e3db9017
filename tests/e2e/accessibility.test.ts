// The pages against the automated rules of WCAG 2.2 AA, and with the keyboard only. With LONG_TESTS=1, every
// page in both themes. Otherwise, each run draws a third of them, and checks each in one theme.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createAssetGroup } from "@attacklens/protocol/asset-groups.ts";
import { listAssets } from "@attacklens/protocol/assets.ts";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { CATEGORIES } from "@attacklens/protocol/inventory/categories.ts";
import { linkUrl } from "@attacklens/protocol/one-time-links.ts";
import { setRollout } from "@attacklens/protocol/rollout.ts";
import { listSensors, mergeSensor } from "@attacklens/protocol/sensors.ts";
import { inviteUser } from "@attacklens/protocol/users.ts";
import type axe from "axe-core";
import type { Page } from "playwright-core";
import { drawSome, LONG_TESTS } from "../../harness/long-tests.ts";
import { openBrowser } from "../support/browser.ts";
import { enrollOverHttp } from "../support/http-sensor.ts";
import { openInstallation, type User } from "../support/installation.ts";
import { createToken, enrollSensor, reportOnce } from "../support/sensors.ts";

/** About 30 pages, each checked by axe. */
const PAGES_TIMEOUT_MS = 600_000;
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const drawThird = (pages: readonly string[]) => drawSome(pages, Math.ceil(pages.length / 3));
/** The rules that depend on the theme. */
const RULES_OF_COLOR = ["color-contrast", "link-in-text-block"];

test(
  "no page has an accessibility violation in light or dark",
  async () => {
    await using installation = await openInstallation({
      database: "sqlite",
      isNew: true,
      checkInIntervalSeconds: 1,
    });
    await using browser = await openBrowser();
    const { url, setupLink } = installation.server;
    const visitor = await browser.openPage();
    await visitor.goto(setupLink as string);
    await expectAccessible(visitor, "Set up AttackLens");
    const ada = await installation.createSuperAdmin();
    await visitor.goto(`${url}/sign-in`);
    await expectAccessible(visitor, "Sign in");

    const person = { name: "Grace", email: "grace@example.com", role: "viewer" as const };
    const grace = await ada.call(inviteUser, { body: person });
    await visitor.goto(linkUrl(url, "invitation", grace.link.value));
    await expectAccessible(visitor, "Join AttackLens");

    const viewport = { width: 1024, height: 768 };
    const page = await browser.openPageAs(ada, installation, { viewport });
    for (const path of drawThird([
      "/",
      "/sensors",
      "/sensors/tokens",
      "/sensors/enrollments",
      "/sensors/deploy",
      "/sensors/updates",
      "/sensors/updates/hosts",
      "/assets",
      "/assets/groups",
      "/settings/api-keys",
      "/team/users",
      "/settings/system",
    ])) {
      await follow(page, path);
      await expectAccessible(page, `${path}, empty`);
    }
    await page.keyboard.press("Control+k");
    await page.getByRole("option", { name: "Create Token" }).waitFor();
    await expectAccessible(page, "command palette");
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
    await expectAccessible(page, "shortcuts");
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await ada.call(createAssetGroup, { body: { name: "Finance" } });
    const token = await createToken(ada, "Production");
    const { stateDir, code } = await enrollSensor(installation, token.value);
    expect(code).toBe(0);
    await reportOnce(stateDir);
    const sensorId = (await ada.call(listSensors)).items[0]?.id;
    const assetId = (await ada.call(listAssets)).items[0]?.id;
    const paths = [
      ...["/", "/sensors", "/sensors/tokens", "/sensors/tokens/new", `/sensors/tokens/${token.id}`],
      ...["edit", "rotate", "rollout", "rollout/expected"].map(
        (page) => `/sensors/tokens/${token.id}/${page}`,
      ),
      `/sensors/deploy?guide=kubernetes&token=${token.id}`,
      ...["/sensors/enrollments", "/sensors/updates", "/sensors/updates/hosts", "/sensors/updates/rings/new"],
      ...[
        "/assets",
        `/assets/${assetId}`,
        `/assets/${assetId}/type`,
        `/assets/${assetId}/move`,
        "/assets/groups",
      ],
      ...["/assets/groups/new", "/nowhere"],
      ...[
        "/settings/api-keys",
        "/settings/api-keys/new",
        "/account/password",
        "/account/authenticator-app",
        "/settings/audit",
      ],
      `/sensors/tokens/${token.id}/history`,
      ...["/team/users", "/team/users/invite", `/team/users/${grace.user.id}/role`],
      // The tables of the categories are alike, so one is drawn for each run.
      ...["overview", ...drawSome(CATEGORIES)].map((tab) => `/sensors/${sensorId}/${tab}`),
    ];
    for (const path of drawThird(paths)) {
      await follow(page, path);
      await expectAccessible(page, path);
    }
    await expectMatchesAccessible(page, ada, url, token.value);
    await expectRolloutAccessible(page, ada, url);
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
  await follow(page, `/sensors/${id}/overview`);
  await page.getByRole("heading", { name: "Possible duplicate of db-07" }).waitFor();
  await expectAccessible(page, "possible duplicate");
  await page.getByRole("button", { name: "Merge with db-07…" }).click();
  await page.getByRole("dialog", { name: "Merge with db-07?" }).waitFor();
  await expectAccessible(page, "merging");
  const body = { predecessorId: old.id };
  await ada.call(mergeSensor, { params: { id: successor.id }, body });
  const paths = ["/", "/sensors?match=any", "/sensors?status=replaced"];
  const sensors = [`/sensors/${old.id}/overview`, `/sensors/${successor.id}/overview`];
  for (const path of drawThird([...paths, ...sensors])) {
    await follow(page, path);
    await expectAccessible(page, path);
  }
}

/** Arrivals with a refusal, and a rollout of hostnames and of a number of hosts. */
async function expectRolloutAccessible(page: Page, ada: User, url: string) {
  const body = { name: "West", scope: { type: "all-assets" as const }, expiresAt: null };
  const { value, enrollmentToken } = await ada.call(createEnrollmentToken, {
    body: { ...body, allowedHostnames: ["web-*"] },
  });
  const params = { id: enrollmentToken.id };
  await follow(page, `/sensors/tokens/${params.id}`);
  await page.getByText("Waiting for the first host").waitFor();
  const host = await enrollOverHttp(url, value, { hostname: "web-01" });
  await enrollOverHttp(url, value, { hostname: "web-02" });
  await expect(enrollOverHttp(url, value, { hostname: "db-01" })).rejects.toThrow("hostname-not-allowed");
  await host.checkIn();
  await page.getByText(/first inventory after/).waitFor();
  await page.getByRole("list", { name: "Refused hosts" }).waitFor();
  await expectAccessible(page, "arrivals");
  const hostnames = ["web-01", "web-02", "web-03", "db-01"];
  await ada.call(setRollout, { params, body: { type: "hostnames", hostnames } });
  await follow(page, `/sensors/tokens/${params.id}/rollout?state=refused`);
  await page.getByRole("heading", { name: "1 of 4 expected hosts reporting" }).waitFor();
  await page.getByText("Show as table").click();
  await expectAccessible(page, "a rollout of hostnames");
  await ada.call(setRollout, { params, body: { type: "number", machines: 3 } });
  await page.getByRole("heading", { name: "1 of 3 expected hosts reporting" }).waitFor();
  await expectAccessible(page, "a rollout of a number of hosts");
}

/** Opens a page of the console like a link, without loading the console again. */
async function follow(page: Page, path: string): Promise<void> {
  await page.evaluate(async (path) => {
    // TanStack Router stores its instance here.
    const router = window.__TSR_ROUTER__!;
    const isRendered = new Promise<void>((resolve) => {
      const stop = router.subscribe("onRendered", () => {
        stop();
        resolve();
      });
    });
    router.history.push(path);
    await isRendered;
  }, path);
}

type Theme = "light" | "dark";

/** The combinations of colors and sizes that axe has checked, by theme. */
const seenLooks: Record<Theme, Set<string>> = { light: new Set(), dark: new Set() };
/** Changing the theme takes as long as a check, so each page starts with the theme of the page before. */
let themes: [Theme, Theme] = drawSome([true, false])[0] ? ["light", "dark"] : ["dark", "light"];
/** Without LONG_TESTS=1, the theme changes after this number of pages. */
const PAGES_PER_THEME = 6;
let pages = 0;

/**
 * Checks everything but colors in one theme. Checks colors in each theme with LONG_TESTS=1, otherwise in one
 * theme and if the page has new ones.
 */
async function expectAccessible(page: Page, where: string): Promise<void> {
  await page.getByRole("heading", { level: 1 }).first().waitFor();
  for (const theme of LONG_TESTS ? themes : themes.slice(0, 1)) {
    await page.emulateMedia({ colorScheme: theme });
    await page.locator(`html[data-mantine-color-scheme=${theme}]`).waitFor();
    // A dialog has no contrast while it fades in.
    await page.waitForFunction(() =>
      document.getAnimations().every(({ playState }) => playState !== "running"),
    );
    const looks = (await page.evaluate(listLooks)).filter((look) => !seenLooks[theme].has(look));
    const hasNewLooks = LONG_TESTS || looks.length > 0;
    if (theme === themes[0]) {
      const disabled = hasNewLooks ? [] : RULES_OF_COLOR;
      const rules = Object.fromEntries(disabled.map((rule) => [rule, { enabled: false }]));
      await expectNoViolation(page, `${where} in ${theme}`, { runOnly: TAGS, rules });
    } else if (hasNewLooks) {
      await expectNoViolation(page, `${where} in ${theme}`, { runOnly: RULES_OF_COLOR });
    }
    for (const look of looks) seenLooks[theme].add(look);
  }
  pages++;
  if (LONG_TESTS || pages % PAGES_PER_THEME === 0) themes = [themes[1], themes[0]];
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

const axeSource = readFileSync(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");

async function expectNoViolation(page: Page, where: string, options: axe.RunOptions): Promise<void> {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axeSource);
  const found = await page.evaluate(async (options) => {
    const { violations } = await window.axe.run(document, {
      resultTypes: ["violations"],
      // Loading the style sheets again serves only experimental rules.
      preload: false,
      ...options,
    });
    return violations.flatMap(({ id, help, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${help}: ${target.join(" ")}\n${failureSummary}`),
    );
  }, options);
  expect(found, where).toEqual([]);
}

declare global {
  interface Window {
    axe: typeof axe;
  }
}
