import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { revokeEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { TOKEN_VALUE_PATTERN } from "@attacklens/protocol/token-value.ts";
import type { Locator, Page } from "playwright-core";
import { LONG_TESTS } from "../../harness/long-tests.ts";
import { waitUntil } from "../../harness/wait-until.ts";
import { openBrowser } from "../support/browser.ts";
import { openInstallation } from "../support/installation.ts";
import { createToken, enrollSensor, filesHolding, processListing, reportOnce } from "../support/sensors.ts";

const METRICS_TOKEN = "a token of the operator";
/** The page keeps it, so that the heap must contain it. */
const KEPT = `kept ${crypto.randomUUID()}`;

test("the console shows a token's value once and does not keep it", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  await using browser = await openBrowser();
  const ada = await installation.createSuperAdmin();
  const page = await browser.openPageAs(ada, installation, {
    permissions: ["clipboard-read", "clipboard-write"],
  });

  await page.getByRole("link", { name: "Asset Groups" }).click();
  await page.getByRole("link", { name: "Create Asset Group" }).first().click();
  const groupDialog = page.getByRole("dialog", { name: "Create Asset Group" });
  await groupDialog.getByRole("textbox", { name: "Name" }).fill("Production");
  await groupDialog.getByRole("button", { name: "Create Asset Group" }).click();
  await page.getByRole("row", { name: /Production/ }).waitFor();

  await page.getByRole("link", { name: "Enrollment Tokens" }).click();
  await page.getByRole("link", { name: "Create Token" }).first().click();
  const form = page.getByRole("dialog", { name: "Create Enrollment Token" });
  await form.getByText("Your time zone").waitFor();
  await expectGuideForm(form);
  expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
  await form.getByRole("textbox", { name: "Name" }).fill("Production Servers - US East");
  await form.getByRole("radio", { name: "Specific Asset Group" }).check();
  await form.getByRole("combobox", { name: "Asset Group" }).click();
  await page.getByRole("option", { name: "Production" }).click();
  await form.getByRole("button", { name: "Create", exact: true }).click();

  const shown = page.getByRole("dialog", { name: "Store the token now" });
  const value = await shown.getByRole("textbox", { name: "Enrollment Token" }).inputValue();
  expect(value).toMatch(new RegExp(`^${TOKEN_VALUE_PATTERN.source}$`));
  await shown.getByText("This is the only time the token is shown").waitFor();
  await shown.getByRole("button", { name: "Copy", exact: true }).click();
  const copied = () => page.evaluate(() => navigator.clipboard.readText());
  await waitUntil("the value is copied", async () => (await copied()) === value);
  await page.evaluate(() => navigator.clipboard.writeText(""));
  // A snapshot takes several CPU-seconds.
  if (LONG_TESTS) expect(await heapOf(page), "the value is in the heap while it is shown").toContain(value);
  await page.evaluate((text) => Object.assign(window, { text }), KEPT);
  await shown.getByRole("checkbox", { name: "I have stored it" }).check();
  await shown.getByRole("button", { name: "Close" }).click();

  const row = page.getByRole("row", { name: /Production Servers - US East/ });
  await row.getByText("Active").waitFor();
  await row.getByText("Production", { exact: true }).waitFor();
  await waitUntil("the memory of the page does not contain the value", async () => {
    const heap = await heapOf(page);
    expect(heap).toContain(KEPT);
    return !heap.includes(value);
  });

  for (const step of ["goBack", "goForward", "reload"] as const) {
    await page[step]();
    await page.getByRole("navigation", { name: "Main" }).waitFor();
    expect(await page.content(), `after ${step}`).not.toContain(value);
  }
  expect(JSON.stringify(await page.context().storageState({ indexedDB: true }))).not.toContain(value);
});

/** The fields in the order of the guide "Create an Enrollment Token", without scrolling at 900 px. */
async function expectGuideForm(form: Locator): Promise<void> {
  const page = form.page();
  const earlier = page.viewportSize()!;
  await page.setViewportSize({ width: 1440, height: 900 });
  const text = await form.innerText();
  const order = ["Name", "Scope", "All Assets", "Specific Asset Group", "Expiry", "No expiry", "Custom date"];
  const places = [...order, "Number of hosts", "More options", "Cancel", "Create$"].map((label) =>
    text.search(new RegExp(`^${label}`, "m")),
  );
  expect(places).toEqual(places.toSorted((one, other) => one - other));
  expect(places[0]).toBeGreaterThan(0);
  expect(await form.getByRole("textbox", { name: "Description" }).isVisible()).toBe(false);
  const hidden = await form.evaluate((element) =>
    [element, ...element.querySelectorAll("*")].filter(
      (one) => /auto|scroll/.test(getComputedStyle(one).overflowY) && one.scrollHeight > one.clientHeight,
    ),
  );
  expect(hidden).toHaveLength(0);
  await page.setViewportSize(earlier);
}

test("a revoked token cannot enroll sensors, and its enrolled sensors keep reporting", async () => {
  await using installation = await openInstallation({ database: "postgres" });
  await using browser = await openBrowser();
  const ada = await installation.createSuperAdmin();
  const token = await createToken(ada, "Closed window");
  const first = await enrollSensor(installation, token.value, "first");
  expect(first.stderr).toBe("");
  expect(first.code).toBe(0);

  const page = await browser.openPageAs(ada, installation);
  await page.getByRole("link", { name: "Enrollment Tokens" }).click();
  const row = page.getByRole("row", { name: /Closed window/ });
  await row.getByText("1", { exact: true }).waitFor();
  await row.getByRole("button", { name: "Actions for Closed window" }).click();
  await page.getByRole("menuitem", { name: "Revoke…" }).click();
  const question = page.getByRole("dialog", { name: "Revoke Enrollment Token?" });
  await question.getByText("1 enrolled sensor keeps reporting").waitFor();
  await question.getByRole("button", { name: "Revoke token" }).click();
  await row.getByText("Revoked").waitFor();

  const second = await enrollSensor(installation, token.value, "second");
  expect(second.code).not.toBe(0);
  expect(second.stderr).toContain("revoked");
  expect(second.stderr).not.toContain(token.value);

  const stillReporting = await reportOnce(first.stateDir);
  expect(stillReporting.stderr).toBe("");
  expect(stillReporting.code).toBe(0);
});

test("a token's value is in no file, log, metric, argument or environment after use and refusal", async () => {
  await using installation = await openInstallation({
    database: "sqlite",
    logLevel: "debug",
    environment: { ATTACKLENS_METRICS_TOKEN: METRICS_TOKEN },
  });
  const { folder, server } = installation;
  const ada = await installation.createSuperAdmin();
  const { id, value } = await createToken(ada, "Canary");
  const first = await enrollSensor(installation, value, "first");
  expect({ code: first.code, stderr: first.stderr }).toEqual({ code: 0, stderr: "" });
  // The same key again, as after a lost reply. Then a mistyped value, and a refused one.
  const identityFile = join(first.stateDir, "identity.json");
  const { sensorId, enrolledAt: _, serverKey: __, ...begun } = JSON.parse(readFileSync(identityFile, "utf8"));
  writeFileSync(identityFile, JSON.stringify({ ...begun, state: "enrolling" }), { mode: 0o600 });
  const again = await enrollSensor(installation, value, "first");
  expect(again.stderr).toBe("");
  expect(again.stdout).toContain(sensorId);
  const mistyped = await fetch(`${server.url}/sensor/v1/enroll`, {
    method: "POST",
    headers: { authorization: `Bearer ${value}x`, "content-type": "application/json" },
    body: JSON.stringify({ token: value }),
  });
  await ada.call(revokeEnrollmentToken, { params: { id } });
  const refused = await enrollSensor(installation, value, "refused");
  expect(refused.stderr).toContain("revoked");

  const metrics = await (
    await fetch(`${server.url}/metrics`, { headers: { authorization: `Bearer ${METRICS_TOKEN}` } })
  ).text();
  expect(metrics).toContain('attacklens_problems_total{code="token-revoked"} 1');
  const said = [first, again, refused].map(({ stdout, stderr }) => stdout + stderr);
  expect([...said, await mistyped.text(), metrics, processListing(server.pid)].join()).not.toContain(value);
  const log = () => readFileSync(join(folder, "server.log"), "utf8");
  await waitUntil("the refusal is logged", () => log().includes("request refused"));
  expect(filesHolding(folder, value)).toEqual([]);
});

/** Returns a heap snapshot of the page as text. */
async function heapOf(page: Page): Promise<string> {
  const devtools = await page.context().newCDPSession(page);
  const chunks: string[] = [];
  devtools.on("HeapProfiler.addHeapSnapshotChunk", ({ chunk }) => chunks.push(chunk));
  await devtools.send("HeapProfiler.collectGarbage");
  await devtools.send("HeapProfiler.takeHeapSnapshot", { reportProgress: false });
  await devtools.detach();
  return chunks.join("");
}
