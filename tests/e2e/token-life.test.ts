// The life of a token after its creation, in the console and with the sensor.
import { expect, test } from "bun:test";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { openBrowser } from "../support/browser.ts";
import { openInstallation } from "../support/installation.ts";
import { enrollSensor, reportOnce } from "../support/sensors.ts";

const WEEK_MS = 7 * 86_400_000;
const scope = { type: "all-assets" } as const;
const inAWeek = () => new Date(Date.now() + WEEK_MS).toISOString();

test("a refusal is found by its reference, and its suggested change lets the host enroll", async () => {
  await using installation = await openInstallation({ database: "postgres" });
  await using browser = await openBrowser();
  const ada = await installation.createSuperAdmin();
  const { value } = await ada.call(createEnrollmentToken, {
    body: { name: "Office", scope, expiresAt: inAWeek(), allowedNetworks: ["10.1.0.0/16"] },
  });
  const refused = await enrollSensor(installation, value, "outside");
  expect(refused.code).not.toBe(0);
  const reference = /E-[0-9A-Z]{12}/.exec(refused.stderr)?.[0] ?? "";

  const page = await browser.openPageAs(ada, installation);
  await page.getByRole("link", { name: "Enrollment Tokens" }).click();
  await page.getByRole("searchbox").fill(reference);
  await page.getByText("127.0.0.1 is outside 10.1.0.0/16").waitFor();
  expect(await page.getByText("No matches").count()).toBe(0);
  await page.getByRole("link", { name: "Allow 127.0.0.1…" }).click();
  const dialog = page.getByRole("dialog", { name: "Edit Enrollment Token" });
  await dialog.getByText("Suggested changes are filled in: allow 127.0.0.1.").waitFor();
  await dialog.getByRole("button", { name: "Save" }).click();
  await page.getByText("10.1.0.0/16, 127.0.0.1/32").waitFor();

  const enrolled = await enrollSensor(installation, value, "outside");
  expect(enrolled.stderr).toBe("");
  expect(enrolled.code).toBe(0);
});

test("a leaked token is revoked, and the sensors in the preview are blocked", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  await using browser = await openBrowser();
  const ada = await installation.createSuperAdmin();
  const { value } = await ada.call(createEnrollmentToken, {
    body: { name: "Leaked", scope, expiresAt: inAWeek() },
  });
  const first = await enrollSensor(installation, value, "first");
  await enrollSensor(installation, value, "second");

  const page = await browser.openPageAs(ada, installation);
  await page.getByRole("link", { name: "Enrollment Tokens" }).click();
  await page.getByRole("link", { name: "Leaked" }).click();
  // The list also has a button with this name.
  await page.getByRole("heading", { name: "Leaked" }).waitFor();
  await page.getByRole("button", { name: "Actions", exact: true }).click();
  await page.getByRole("menuitem", { name: /Revoke and block/ }).click();
  const question = page.getByRole("dialog", { name: "Revoke and block sensors?" });
  await question.getByText("2 of 2 sensors will be blocked").waitFor();
  await question.getByRole("button", { name: "Revoke and block" }).click();
  await page.getByText("“Leaked” is revoked, and 2 sensors are blocked.").waitFor();
  await page.getByText("Revoked", { exact: true }).first().waitFor();

  const blocked = await reportOnce(first.stateDir);
  expect(blocked.code).not.toBe(0);
  expect(blocked.stderr).toContain("blocked");
});

test("a sensor that awaits approval reports after its fingerprint is compared", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  await using browser = await openBrowser();
  const ada = await installation.createSuperAdmin();
  const { value } = await ada.call(createEnrollmentToken, {
    body: { name: "Workstations", scope, expiresAt: inAWeek(), requireApproval: true },
  });
  const sensor = await enrollSensor(installation, value, "waiting");
  expect(sensor.code).toBe(0);
  const fingerprint = /[a-z]{5}(-[a-z]{5}){3}/.exec(sensor.stdout)?.[0] ?? "";

  const page = await browser.openPageAs(ada, installation);
  await page.getByRole("link", { name: "1 sensor awaits approval" }).click();
  const row = page.getByRole("row", { name: /Awaiting approval/ });
  await row.getByRole("link").first().click();
  await page.getByRole("button", { name: "Approve…" }).click();
  const question = page.getByRole("dialog", { name: "Approve sensor?" });
  await question.getByText(fingerprint).waitFor();
  await question.getByRole("checkbox", { name: "The host shows the same four words" }).check();
  await question.getByRole("button", { name: "Approve sensor" }).click();
  await page.getByText("Pending").waitFor();

  const reports = await reportOnce(sensor.stateDir);
  expect(reports.stderr).toBe("");
  expect(reports.code).toBe(0);
  await page.getByText("Online").waitFor();
});

test("a rollout shows the missing hosts, and several tokens are paused together", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  await using browser = await openBrowser();
  const ada = await installation.createSuperAdmin();
  for (const name of ["East", "West"]) {
    await ada.call(createEnrollmentToken, { body: { name, scope, expiresAt: inAWeek() } });
  }
  const page = await browser.openPageAs(ada, installation);
  await page.getByRole("link", { name: "Enrollment Tokens" }).click();
  await page.getByRole("checkbox", { name: "Select East" }).check();
  await page.getByRole("checkbox", { name: "Select West" }).check();
  await page.getByRole("button", { name: "Pause…" }).click();
  await page.getByRole("dialog", { name: "Pause 2 Enrollment Tokens?" }).getByText("East").waitFor();
  await page.getByRole("button", { name: "Pause 2 Enrollment Tokens" }).click();
  await page.getByRole("row", { name: /West/ }).getByText("Paused").waitFor();

  await page.getByRole("link", { name: "East" }).click();
  await page.getByRole("link", { name: "Rollout" }).click();
  await page.getByRole("link", { name: "Set expected hosts…" }).click();
  const dialog = page.getByRole("dialog", { name: "Expected hosts" });
  await dialog.getByRole("textbox", { name: "Hostnames" }).fill("web-01\nweb-02, WEB-01");
  await dialog.getByText("2 hosts").waitFor();
  await dialog.getByRole("button", { name: "Save" }).click();
  await page
    .getByRole("row", { name: /web-02/ })
    .getByText("Not seen yet")
    .waitFor();
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export CSV" }).click();
  expect((await download).suggestedFilename()).toBe("East - rollout.csv");

  await page.getByRole("main").getByRole("link", { name: "Overview" }).click();
  await page.getByRole("heading", { name: "0 of 2 expected hosts reporting" }).waitFor();
  await page.getByRole("link", { name: /^Not seen yet\s*2$/ }).click();
  await page.waitForURL(/\/rollout\?state=missing$/);
});
