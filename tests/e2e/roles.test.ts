// What each role meets on each page: only controls that the role allows, and once which role allows the rest.
import { expect, test } from "bun:test";
import { createAssetGroup } from "@attacklens/protocol/asset-groups.ts";
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
  /** What the changes on the page need. */
  permission: Permission;
  /** Names of controls that only the permission shows. */
  controls: string[];
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
];

interface Ids {
  token: string;
  sensor: string;
  group: string;
}

function pagesOf({ token, sensor }: Ids): PageControls[] {
  const tokens = "enrollment-tokens:manage";
  return [
    {
      path: "/sensors/tokens",
      permission: tokens,
      controls: ["Create Token", "Actions for Production", "Select all rows", "Select Production"],
    },
    {
      path: `/sensors/tokens/${token}`,
      permission: tokens,
      controls: ["Actions"],
    },
    { path: `/sensors/tokens/${token}/rollout`, permission: tokens, controls: ["Set expected hosts…"] },
    { path: "/sensors/deploy", permission: tokens, controls: ["Create Token"] },
    { path: "/sensors", permission: "sensors:manage", controls: ["Select all rows", "Actions for web-01"] },
    { path: `/sensors/${sensor}/overview`, permission: "sensors:manage", controls: ["Actions"] },
    { path: "/sensors/updates", permission: "updates:manage", controls: ["Create Ring"] },
    { path: "/sensors/updates/hosts", permission: "updates:manage", controls: [] },
    {
      path: "/assets/groups",
      permission: "assets:manage",
      controls: ["Create Asset Group"],
    },
  ];
}

test("a user meets only the controls that the role allows, and reads once which role allows the rest", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  await using browser = await openBrowser();
  const ada = await installation.createSuperAdmin();
  const token = await createToken(ada, "Production");
  const group = await ada.call(createAssetGroup, { body: { name: "Finance" } });
  await enrollOverHttp(installation.server.url, token.value, { hostname: "web-01" });
  const sensor = (await ada.call(listSensors)).items[0]?.id ?? "";
  const ids = { token: token.id, sensor, group: group.id };

  for (const role of ["viewer", "posture-manager", "super-admin"] as const) {
    const user = role === "super-admin" ? ada : await installation.createUser(role);
    const page = await browser.openPageAs(user, installation);
    for (const { path, permission, controls } of pagesOf(ids)) {
      await page.goto(installation.server.url + path);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await page.getByRole("status", { name: "Loading" }).first().waitFor({ state: "detached" });
      await expectControls(page, `${role} on ${path}`, hasPermission(role, permission), controls);
      expect(await noteOf(page), `${role} on ${path}`).toEqual(notesFor(role, permission));
    }
    if (role === "viewer") await expectFormsExplained(page, installation.server.url, ids);
  }
});

async function expectControls(page: Page, where: string, isAllowed: boolean, names: string[]) {
  for (const name of names) {
    const found = page.locator("main").locator(`a, button, input, [role=checkbox]`);
    const control = found.and(page.getByRole("link", { name, exact: true }).or(roleOf(page, name)));
    if (isAllowed) await control.first().waitFor();
    else expect(await control.count(), `${name}, for a ${where}`).toBe(0);
  }
  if (isAllowed) return;
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
async function expectFormsExplained(page: Page, url: string, ids: Ids) {
  for (const { path, permission } of FORMS) {
    await page.goto(url + path(ids));
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
