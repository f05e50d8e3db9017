// Clones, re-enrollment and key rotation, with the built programs.
import { expect, test } from "bun:test";
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { getSensor, listSensors } from "@attacklens/protocol/sensors.ts";
import { runSensor, startSensor } from "../../harness/programs.ts";
import { waitUntil } from "../../harness/wait-until.ts";
import { openBrowser } from "../support/browser.ts";
import { openInstallation } from "../support/installation.ts";
import { createToken, enrollSensor, filesHolding, reportOnce } from "../support/sensors.ts";
import { onSmallHost, SMALL_HOSTNAME } from "../support/small-host.ts";

interface IdentityFile {
  sensorId: string;
  publicKey: string;
}
const identityIn = (stateDir: string): IdentityFile =>
  JSON.parse(readFileSync(join(stateDir, "identity.json"), "utf8"));

test("a cloned host becomes a separate sensor after approval, and the original keeps reporting", async () => {
  await using installation = await openInstallation({ database: "postgres", checkInIntervalSeconds: 1 });
  await using browser = await openBrowser();
  const ada = await installation.createSuperAdmin();
  const { value } = await createToken(ada, "Images");
  const { stateDir } = await enrollSensor(installation, value, "original");
  const copyDir = join(installation.folder, "clone");
  cpSync(stateDir, copyDir, { recursive: true });
  const { sensorId } = identityIn(stateDir);

  const page = await browser.openPageAs(ada, installation);
  await page.getByRole("link", { name: "All sensors" }).click();
  await using _original = startSensor({
    stateDir,
    logFile: join(installation.folder, "original.log"),
    args: onSmallHost(installation.folder),
  });
  await page
    .getByRole("row", { name: new RegExp(SMALL_HOSTNAME) })
    .getByText("Online")
    .waitFor();
  await using _copy = startSensor({
    stateDir: copyDir,
    logFile: join(installation.folder, "clone.log"),
    args: onSmallHost(installation.folder),
  });

  const row = page.getByRole("row", { name: /clone of/ });
  await row.getByText("Awaiting approval").waitFor();
  await waitUntil("the clone has its new identity", () => identityIn(copyDir).sensorId !== sensorId);
  expect(identityIn(stateDir).sensorId).toBe(sensorId);
  const statusOfClone = async () => (await runSensor(["status", "--state", copyDir])).code;
  await waitUntil("the clone says that it awaits approval", async () => (await statusOfClone()) === 7);
  await row.getByRole("link", { name: SMALL_HOSTNAME }).first().click();
  await page.getByText("This host ran with the key of").waitFor();
  await page.getByRole("button", { name: "Approve…" }).click();
  const question = page.getByRole("dialog", { name: "Approve sensor?" });
  await question.getByRole("checkbox", { name: "The host shows the same four words" }).check();
  await question.getByRole("button", { name: "Approve sensor" }).click();

  const shown = await waitUntil("the original is online", async () => {
    const original = await ada.call(getSensor, { params: { id: sensorId } });
    return original.status === "online" ? original : undefined;
  });
  expect(shown.clones.map(({ sensor }) => sensor?.id)).toEqual([identityIn(copyDir).sensorId]);
  const said = `another host owns the key of ${sensorId}: enrolled this clone as ${identityIn(copyDir).sensorId}`;
  const log = () => readFileSync(join(installation.folder, "clone.log"), "utf8");
  await waitUntil("the clone says who it is now", () => log().includes(said));
});

test("a re-enrollment ticket moves a sensor to another folder, and its previous key is refused immediately", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  await using browser = await openBrowser();
  const ada = await installation.createSuperAdmin();
  const { value } = await createToken(ada, "Databases");
  const { stateDir } = await enrollSensor(installation, value, "before");
  expect((await reportOnce(stateDir)).code).toBe(0);

  const page = await browser.openPageAs(ada, installation);
  await page.getByRole("link", { name: "All sensors" }).click();
  await page.getByRole("link", { name: SMALL_HOSTNAME }).first().click();
  await page.getByRole("button", { name: "Actions", exact: true }).click();
  await page.getByRole("menuitem", { name: "Re-enroll…" }).click();
  await page.getByRole("button", { name: "Create ticket" }).click();
  const dialog = page.getByRole("dialog", { name: "Store the ticket now" });
  const ticket = await dialog.getByRole("textbox", { name: "Re-enrollment ticket" }).inputValue();
  await dialog.getByRole("checkbox", { name: "I have stored it" }).check();
  await dialog.getByRole("button", { name: "Close" }).click();

  const again = await enrollSensor(installation, ticket, "after");
  expect(again.stderr).toBe("");
  expect(again.stdout).toContain(`re-enrolled ${SMALL_HOSTNAME} as ${identityIn(stateDir).sensorId}`);
  const refused = await reportOnce(stateDir);
  expect(refused.stderr).toContain("with another key");
  expect(refused.code).toBe(13);
  expect((await reportOnce(again.stateDir)).code).toBe(0);
  const used = await enrollSensor(installation, ticket, "thief");
  expect(used.stderr).toContain("the ticket is refused: it was used at");
  expect(used.code).toBe(3);
  expect((await ada.call(listSensors, {})).items.map(({ id }) => id)).toEqual([
    identityIn(stateDir).sensorId,
  ]);
  expect(filesHolding(installation.folder, ticket.slice("atl_tkt_".length, -6))).toEqual([]);
});

test("an old key is replaced automatically, and its backup becomes a clone", async () => {
  await using installation = await openInstallation({ database: "sqlite", keyMaxAgeDays: 0.000_001 });
  const ada = await installation.createSuperAdmin();
  const { value } = await createToken(ada, "All");
  const { stateDir } = await enrollSensor(installation, value);
  const backup = join(installation.folder, "backup");
  cpSync(stateDir, backup, { recursive: true });
  const before = identityIn(stateDir);
  const first = await reportOnce(stateDir);
  expect(first.stderr).toBe("attacklens-sensor: rotated its key\n");
  expect(identityIn(stateDir)).toMatchObject({ sensorId: before.sensorId });
  expect(identityIn(stateDir).publicKey).not.toBe(before.publicKey);
  expect((await reportOnce(stateDir)).code).toBe(0);
  const restored = await reportOnce(backup);
  expect(restored.code).toBe(7);
  expect(identityIn(backup).sensorId).not.toBe(before.sensorId);
});
