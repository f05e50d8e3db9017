// The console by keyboard alone: command palette, shortcuts, rows of a table, and Undo.
import { expect, test } from "bun:test";
import { getEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import type { Page } from "playwright-core";
import { waitUntil } from "../../harness/wait-until.ts";
import { openBrowser } from "../support/browser.ts";
import { enrollOverHttp } from "../support/http-sensor.ts";
import { openInstallation } from "../support/installation.ts";
import { createToken } from "../support/sensors.ts";

test("a user finds, moves, selects, creates and undoes with the keyboard only", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  await using browser = await openBrowser();
  const { url } = installation.server;
  const ada = await installation.createSuperAdmin();
  const token = await createToken(ada, "Production");
  const hosts = ["db-01", "web-01", "web-02"];
  const sensors = [];
  for (const hostname of hosts) sensors.push(await enrollOverHttp(url, token.value, { hostname }));
  const page = await browser.openPageAs(ada, installation);
  const { keyboard } = page;
  const heading = (name: string) => page.getByRole("heading", { name, level: 1 }).waitFor();

  // The palette: a page, an object by its name, and one by its id.
  await openPalette(page, "updat");
  await keyboard.press("Enter");
  await heading("Updates");
  await openPalette(page, "WEB-02");
  await page.getByRole("option", { name: /^web-02 Pending/, selected: true }).waitFor();
  await keyboard.press("Enter");
  await heading("web-02");
  await openPalette(page, sensors[0]!.id);
  await page.getByRole("option", { name: /^db-01/, selected: true }).waitFor();
  await keyboard.press("Enter");
  await heading("db-01");
  await openPalette(page, ada.email);
  await page.getByRole("group", { name: "Users" }).getByRole("option").waitFor();
  await keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await openPalette(page, "no such thing");
  await page.getByText("Nothing matches.").waitFor();
  await keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });

  // A table is one stop of the Tab key.
  await openPalette(page, "all sensors");
  await keyboard.press("Enter");
  await heading("All sensors");
  const grid = page.getByRole("grid", { name: "All sensors" });
  await grid.getByRole("row", { name: /web-02/ }).waitFor();
  const stops = await grid.locator("tbody").evaluate((body) => {
    const all = [...body.querySelectorAll<HTMLElement>("tr, a[href], button, input")];
    return all.filter(({ tabIndex }) => tabIndex >= 0).map(({ tagName }) => tagName);
  });
  expect(stops).toEqual(["TR"]);
  const focusedText = () => page.evaluate(() => document.activeElement?.textContent ?? "");
  for (const [key, hostname] of [
    ["j", "db-01"],
    ["j", "web-01"],
    ["ArrowDown", "web-02"],
    ["j", "web-02"],
    ["k", "web-01"],
    ["Home", "db-01"],
    ["End", "web-02"],
    ["ArrowUp", "web-01"],
  ] as const) {
    await keyboard.press(key);
    expect(await focusedText(), key).toContain(hostname);
  }
  await keyboard.press("x");
  await page.getByText("1 selected").waitFor();
  await keyboard.press("x");
  await page.getByText("1 selected").waitFor({ state: "detached" });
  await keyboard.press("ArrowRight");
  await keyboard.press("ArrowRight");
  expect(await focusedText()).toBe("web-01");
  await keyboard.press("ArrowLeft");
  await keyboard.press("ArrowLeft");
  await keyboard.press("Enter");
  await heading("web-01");

  // No key acts while the user types, or when the shortcuts are off.
  await openPalette(page, "enrollment tokens");
  await keyboard.press("Enter");
  await heading("Enrollment Tokens");
  await keyboard.press("/");
  await keyboard.type("cxj?");
  expect(await page.getByRole("searchbox").inputValue()).toBe("cxj?");
  await page.getByRole("searchbox").fill("");
  await page.getByRole("link", { name: "Production" }).focus();
  await keyboard.press("?");
  const help = page.getByRole("dialog", { name: "Keyboard shortcuts" });
  await help.getByRole("checkbox", { name: "Use shortcuts of a single key" }).press("Space");
  await keyboard.press("Escape");
  await help.waitFor({ state: "detached" });
  await keyboard.press("c");
  await openPalette(page, "keyboard");
  await keyboard.press("Enter");
  await help.getByRole("checkbox", { name: "Use shortcuts of a single key" }).press("Space");
  await keyboard.press("Escape");
  await help.waitFor({ state: "detached" });
  expect(new URL(page.url()).pathname).toBe("/sensors/tokens");
  await keyboard.press("c");
  await page.getByRole("dialog", { name: "Create Enrollment Token" }).waitFor();
  await keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });

  // Undo by its key, and by its button.
  const isPaused = async () =>
    (await ada.call(getEnrollmentToken, { params: { id: token.id } })).pausedAt !== null;
  for (const undo of ["key", "button"] as const) {
    await page.getByRole("button", { name: "Actions for Production" }).press("Enter");
    await page.getByRole("menuitem", { name: "Pause" }).press("Enter");
    const button = page.getByRole("button", { name: "Undo" });
    await button.waitFor();
    await page.getByRole("menu").waitFor({ state: "detached" });
    expect(await isPaused()).toBe(true);
    if (undo === "key") await keyboard.press("u");
    else await button.press("Enter");
    await waitUntil("the token is active again", async () => !(await isPaused()));
    await button.waitFor({ state: "detached" });
  }
});

async function openPalette(page: Page, text: string): Promise<void> {
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Find pages, objects and actions" }).waitFor();
  await page.keyboard.type(text);
}
