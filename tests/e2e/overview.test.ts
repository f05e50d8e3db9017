// The overview: the first steps of a new installation, and numbers that lead to the lists that they count.
import { expect, test } from "bun:test";
import { createApiKey } from "@attacklens/protocol/api-keys.ts";
import { createAssetGroup } from "@attacklens/protocol/asset-groups.ts";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { runServerCommand } from "../../harness/programs.ts";
import { openBrowser } from "../support/browser.ts";
import { enrollOverHttp } from "../support/http-sensor.ts";
import { openInstallation } from "../support/installation.ts";

const ALL = { type: "all-assets" } as const;

test("the first steps follow one another, and then each number leads to its list", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  await using browser = await openBrowser();
  const ada = await installation.createSuperAdmin();
  const { url } = installation.server;
  const page = await browser.openPageAs(ada, installation);
  const steps = page.getByRole("region", { name: "Get started" });
  const next = steps.locator('[aria-current="step"]');
  await next.getByRole("link", { name: "Create Asset Group" }).waitFor();
  expect(await page.getByRole("region", { name: "Fleet status" }).count()).toBe(0);
  await ada.call(createAssetGroup, { body: { name: "Finance" } });
  await next.getByRole("link", { name: "Create Token" }).waitFor();
  expect(await steps.getByRole("heading", { name: "Create an asset group (done)" }).count()).toBe(1);
  const { value } = await ada.call(createEnrollmentToken, {
    body: { name: "West", scope: ALL, expiresAt: null, allowedHostnames: ["web-*"] },
  });
  await next.getByRole("link", { name: "Open the guides" }).waitFor();
  const host = await enrollOverHttp(url, value, { hostname: "web-01" });
  await next.getByRole("link", { name: "Show pending sensors" }).waitFor();
  await host.checkIn();
  await steps.waitFor({ state: "detached" });

  await page.getByText("Nothing needs attention.").waitFor();
  await expect(enrollOverHttp(url, value, { hostname: "db-01" })).rejects.toThrow("hostname-not-allowed");
  const attention = page.getByRole("region", { name: "Needs attention" });
  await attention.getByRole("link", { name: "1 host was refused in the last 24 hours" }).click();
  await page.getByRole("heading", { name: "Enrollments", level: 1 }).waitFor();
  await page.getByText("1 matching").waitFor();
  expect(await page.getByRole("row", { name: /db-01 Hostname not allowed/ }).count()).toBe(1);

  await page.goBack();
  const bar = page.getByRole("group", { name: "Sensors by status" });
  await bar.getByRole("link", { name: "Online: 1 of 1 sensors, 100%" }).press("Enter");
  await page.getByRole("heading", { name: "All sensors", level: 1 }).waitFor();
  expect(new URL(page.url()).search).toBe("?filter=status:online");

  await page.goBack();
  const chart = page.getByRole("slider", { name: "Hosts by day" });
  await chart.press("End");
  expect(await chart.getAttribute("aria-valuetext")).toEndWith(": 1 enrolled, 1 refused");
  await page.getByText("Show as table").click();
  const day = page.getByRole("table", { name: "Hosts by day" }).getByRole("link", { name: "1" });
  await day.first().click();
  await page.getByText("1 matching").waitFor();
  expect(await page.getByRole("row", { name: /web-01 Accepted/ }).count()).toBe(1);

  await page.goBack();
  await page
    .getByRole("table", { name: "Sensors by operating system" })
    .getByRole("link", { name: "Linux" })
    .click();
  await page.getByRole("row", { name: /web-01/ }).waitFor();
  expect(new URL(page.url()).search).toBe("?filter=platform:linux");

  await page.getByRole("link", { name: "System" }).click();
  await page.getByRole("heading", { name: "What this installation still lacks" }).waitFor();
  await page.getByText("Only one user is a Super Admin.").waitFor();
  await page.getByRole("row", { name: /^Find silent sensors/ }).waitFor();
  await page.getByText("Licenses of third-party software").click();
  await page.getByText(/^react \d/).click();
  await page.getByText("Permission is hereby granted").filter({ visible: true }).waitFor();
  const expiresAt = new Date(Date.now() + 86_400_000).toISOString();
  const key = await ada.call(createApiKey, { body: { name: "Status", role: "admin", expiresAt } });
  const environment = { ATTACKLENS_URL: url, ATTACKLENS_API_KEY: key.value };
  const printed = await runServerCommand(["status"], { environment });
  expect(printed.stdout).toMatch(/^Sensors +1 online of 1$/m);
  expect(printed.stdout).toContain("Only one user is a Super Admin.");
  expect(printed.code).toBe(0);

  await page.getByRole("button", { name: "Help" }).click();
  await page.getByText(/^AttackLens \d+\.\d+\.\d+$/).waitFor();
  const reference = page.getByRole("menuitem", { name: "API reference" });
  expect(await reference.getAttribute("href")).toBe("/api/reference");
  await page.getByRole("menuitem", { name: "Keyboard shortcuts" }).click();
  await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Help" }).click();
  await page.getByRole("menuitem", { name: "Deployment guides" }).click();
  await page.getByRole("heading", { name: "Deploy", level: 1 }).waitFor();

  await page.getByRole("link", { name: "All assets" }).click();
  await page.getByRole("link", { name: "web-01" }).first().click();
  await page.getByRole("button", { name: "Actions" }).click();
  await page.getByRole("menuitem", { name: "Change type…" }).click();
  const dialog = page.getByRole("dialog", { name: "Change type" });
  await dialog.getByRole("combobox", { name: "Type" }).click();
  await page.getByRole("option", { name: "Laptop" }).click();
  await dialog.getByRole("button", { name: "Change type" }).click();
  await page.getByText("“web-01” is a laptop.").waitFor();
  await page.getByText("Laptop (set by a user)").waitFor();
  await page.getByRole("link", { name: "All assets" }).first().click();
  await page.getByRole("button", { name: "Type", exact: true }).click();
  await page.getByRole("menuitemradio", { name: "Laptop" }).click();
  await page.getByRole("row", { name: /web-01 Laptop/ }).waitFor();
  expect(new URL(page.url()).search).toBe("?type=laptop");
});
