// What each role meets on each page: only controls that the role allows, and once which role allows the rest.
import { expect, test } from "bun:test";
import { createAssetGroup } from "@attacklens/protocol/asset-groups.ts";
import { listAssets } from "@attacklens/protocol/assets.ts";
import {
  hasPermission,
  lowestRole,
  type Permission,
  ROLE_NAMES,
  type Role,
} from "@attacklens/protocol/permissions.ts";
import { listSensors } from "@attacklens/protocol/sensors.ts";
import type { Page } from "playwright-core";
import { openBrowser } from "../support/browser.ts";
import { enrollOverHttp } from "../support/http-sensor.ts";
import { openInstallation } from "../support/installation.ts";
import { createToken } from "../support/sensors.ts";

interface PageControls {
  path: string;
  /** Of the page and of its title. */
  heading: string;
  /** What opening the page needs. Absent: every user may open it. */
  reads?: Permission;
  /** What the changes on the page need. Absent: every user may make them, or there are none. */
  permission?: Permission;
  /** Names of controls that only the permission shows. */
  controls?: string[];
}

/** Addresses of forms. */
const FORMS: { path: (ids: Ids) => string; permission: Permission }[] = [
  { path: () => "/sensors/tokens/new", permission: "enrollment-tokens:manage" },
  { path: ({ token }) => `/sensors/tokens/${token}/edit`, permission: "enrollment-tokens:manage" },
  { path: ({ token }) => `/sensors/tokens/${token}/rotate`, permission: "enrollment-tokens:manage" },
  {
    path: ({ token }) => `/sensors/tokens/${token}/rollout/expected`,
    permission: "enrollment-tokens:manage",
  },
  { path: () => "/assets/groups/new", permission: "assets:manage" },
  { path: ({ group }) => `/assets/groups/${group}/edit`, permission: "assets:manage" },
  { path: () => "/sensors/updates/rings/new", permission: "updates:manage" },
  { path: ({ asset }) => `/assets/${asset}/type`, permission: "assets:manage" },
  { path: ({ asset }) => `/assets/${asset}/move`, permission: "assets:manage" },
];

interface Ids {
  token: string;
  sensor: string;
  group: string;
  asset: string;
}

function pagesOf({ token, sensor, asset }: Ids): PageControls[] {
  const tokens = "enrollment-tokens:manage";
  return [
    { path: "/", heading: "Overview" },
    {
      path: "/sensors/tokens",
      heading: "Enrollment Tokens",
      permission: tokens,
      controls: ["Create Token", "Actions for Production", "Select all rows", "Select Production"],
    },
    { path: `/sensors/tokens/${token}`, heading: "Production", permission: tokens, controls: ["Actions"] },
    {
      path: `/sensors/tokens/${token}/rollout`,
      heading: "Production",
      permission: tokens,
      controls: ["Set expected hosts…"],
    },
    { path: "/sensors/deploy", heading: "Deploy", permission: tokens, controls: ["Create Token"] },
    {
      path: "/sensors",
      heading: "All sensors",
      permission: "sensors:manage",
      controls: ["Select all rows", "Actions for web-01"],
    },
    {
      path: `/sensors/${sensor}/overview`,
      heading: "web-01",
      permission: "sensors:manage",
      controls: ["Actions"],
    },
    {
      path: "/sensors/updates",
      heading: "Updates",
      permission: "updates:manage",
      controls: ["Create Ring"],
    },
    { path: "/sensors/updates/hosts", heading: "Hosts and their updates", permission: "updates:manage" },
    {
      path: "/assets",
      heading: "All assets",
      permission: "assets:manage",
      controls: ["Select all rows", "Select web-01", "Actions for web-01"],
    },
    { path: `/assets/${asset}`, heading: "web-01", permission: "assets:manage", controls: ["Actions"] },
    {
      path: "/assets/groups",
      heading: "Asset Groups",
      permission: "assets:manage",
      controls: ["Create Asset Group"],
    },
    // From another page: a user whose role changed while the list is open sees the form with its reason.
    { path: "/settings/api-keys/new", heading: "API keys", reads: "api-keys:manage" },
    { path: "/account", heading: "Account" },
    {
      path: "/settings/api-keys",
      heading: "API keys",
      reads: "api-keys:manage",
      controls: ["Create API key"],
    },
    { path: "/settings/audit", heading: "Audit log", reads: "audit:read", controls: ["Export"] },
    { path: "/settings/system", heading: "System", reads: "system:read" },
    { path: "/team/users/invite", heading: "Users", reads: "users:manage" },
    { path: "/team/users", heading: "Users", reads: "users:manage", controls: ["Invite user"] },
  ];
}

test("a user meets only the controls that the role allows, and reads once which role allows the rest", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  await using browser = await openBrowser({ hasClosedPages: true });
  const ada = await installation.createSuperAdmin();
  const token = await createToken(ada, "Production");
  const group = await ada.call(createAssetGroup, { body: { name: "Finance" } });
  await enrollOverHttp(installation.server.url, token.value, { hostname: "web-01" });
  const sensor = (await ada.call(listSensors)).items[0]?.id ?? "";
  const asset = (await ada.call(listAssets)).items[0]?.id ?? "";
  const ids = { token: token.id, sensor, group: group.id, asset };

  for (const role of ["viewer", "posture-manager", "admin", "super-admin"] as const) {
    const user = role === "super-admin" ? ada : await installation.createUser(role);
    const page = await browser.openPageAs(user, installation);
    for (const one of pagesOf(ids)) {
      const where = `${role} on ${one.path}`;
      await goTo(page, one.path);
      await expectEntry(page, where, role, one);
      if (one.reads && !hasPermission(role, one.reads)) await expectClosed(page, where);
      else await expectPage(page, where, role, one);
    }
    if (role === "viewer") await expectFormsExplained(page, ids);
  }
});

/** Within the loaded console: loading it for each page costs most of the time of this test. */
async function goTo(page: Page, path: string) {
  await page.evaluate((to) => window.history.pushState(null, "", to), path);
}

/** The sidebar has an entry for the page if the role can open it. */
async function expectEntry(page: Page, where: string, role: Role, { heading, reads }: PageControls) {
  if (!reads) return;
  const entry = page.getByRole("navigation").getByRole("link", { name: heading, exact: true });
  expect(await entry.count(), `entry for a ${where}`).toBe(hasPermission(role, reads) ? 1 : 0);
}

async function expectPage(page: Page, where: string, role: Role, one: PageControls) {
  const { heading, permission = one.reads, controls = [] } = one;
  await page.getByRole("heading", { level: 1, name: heading, exact: true, includeHidden: true }).waitFor();
  await page.getByRole("status", { name: "Loading" }).first().waitFor({ state: "detached" });
  const isAllowed = permission === undefined || hasPermission(role, permission);
  await expectControls(page, where, isAllowed, controls);
  if (!isAllowed || role === "viewer") await expectNothingDead(page, where);
  expect(await noteOf(page), where).toEqual(permission ? notesFor(role, permission) : []);
}

/** The page says why it is closed, and has nothing of what it would show. */
async function expectClosed(page: Page, where: string) {
  const main = page.locator("main");
  await main.getByRole("heading", { level: 1, name: "Your role cannot open this page" }).waitFor();
  const others = main.locator("input, textarea, select, form, table, button, [role=checkbox]");
  expect(await others.count(), `controls for a ${where}`).toBe(0);
  expect(await page.getByRole("dialog").count(), `dialogs for a ${where}`).toBe(0);
}

async function expectControls(page: Page, where: string, isAllowed: boolean, names: string[]) {
  for (const name of names) {
    const found = page.locator("main").locator(`a, button, input, [role=checkbox]`);
    const control = found.and(page.getByRole("link", { name, exact: true }).or(roleOf(page, name)));
    if (isAllowed) await control.first().waitFor();
    else expect(await control.count(), `${name}, for a ${where}`).toBe(0);
  }
}

async function expectNothingDead(page: Page, where: string) {
  const main = page.locator("main");
  expect(await main.getByRole("checkbox").count(), `check boxes, for a ${where}`).toBe(0);
  const dead = main.locator("[aria-disabled=true], [aria-description*=role], button:disabled");
  expect(await dead.allTextContents(), `dead controls, for a ${where}`).toEqual([]);
}

function roleOf(page: Page, name: string) {
  const named = { name, exact: true };
  return page.getByRole("button", named).or(page.getByRole("checkbox", named));
}

async function noteOf(page: Page): Promise<string[]> {
  return await page.locator("main").getByText("Changes here need the").allTextContents();
}

function notesFor(role: Role, permission: Permission): string[] {
  if (hasPermission(role, permission)) return [];
  const needed = ROLE_NAMES[lowestRole(permission)];
  return [`Changes here need the ${needed} role. Your role is ${ROLE_NAMES[role]}.`];
}

/** A form at its address explains itself, and has nothing to fill in. */
async function expectFormsExplained(page: Page, ids: Ids) {
  for (const { path, permission } of FORMS) {
    await goTo(page, path(ids));
    const dialog = page.getByRole("dialog");
    await dialog
      .getByText(notesFor("viewer", permission)[0] ?? permission)
      .or(dialog.getByText(/Needs the/))
      .waitFor();
    expect(await dialog.locator("input, textarea, select, form").count(), path(ids)).toBe(0);
    await dialog.getByRole("button", { name: "Close", exact: true }).click();
    await dialog.waitFor({ state: "detached" });
  }
}
