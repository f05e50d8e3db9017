// A re-imaged host: shown as a possible duplicate, merged, and split again by its old key.
import { expect, test } from "bun:test";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { getSensor } from "@attacklens/protocol/sensors.ts";
import type { Page } from "playwright-core";
import { waitUntil } from "../../harness/wait-until.ts";
import { openBrowser } from "../support/browser.ts";
import { enrollOverHttp } from "../support/http-sensor.ts";
import { type Installation, openInstallation, type User } from "../support/installation.ts";
import { createToken } from "../support/sensors.ts";

const hardware = (number: number) => ({
  productUuid: `4c4c4544-0042-3510-8052-b4c04f33400${number}`,
  serialNumber: `B5R334${number}`,
  macs: [`d0:94:66:12:34:5${number}`],
});

async function openFleet(installation: Installation, ada: User) {
  const { value } = await createToken(ada, "Databases");
  return async (hostname: string, number: number) => {
    const sensor = await enrollOverHttp(installation.server.url, value, { hostname, ...hardware(number) });
    await sensor.checkIn();
    return sensor;
  };
}

const rowOf = (page: Page, name: RegExp) => page.getByRole("row", { name });

test("a possible duplicate is merged, until the previous sensor checks in again", async () => {
  await using installation = await openInstallation({ database: "postgres", checkInIntervalSeconds: 1 });
  await using browser = await openBrowser();
  const ada = await installation.createSuperAdmin();
  const enroll = await openFleet(installation, ada);
  const old = await enroll("db-07", 1);
  await enroll("localhost", 1);

  const page = await browser.openPageAs(ada, installation);
  const panel = page.getByRole("region", { name: "Needs attention" });
  await panel.getByRole("link", { name: "1 sensor may be a duplicate of an offline sensor" }).click();
  await rowOf(page, /possible duplicate of db-07/).waitFor();
  expect(await page.getByRole("button", { name: "Possible duplicates", pressed: true }).count()).toBe(1);
  await rowOf(page, /possible duplicate of db-07/)
    .getByRole("link", { name: "localhost" })
    .first()
    .click();

  const notice = page.getByRole("region", { name: "Possible duplicate of db-07" });
  await notice.getByText("3 hardware facts agree, none differs").waitFor();
  await notice.getByRole("row", { name: /^Serial number B5R3341 B5R3341 Agrees Yes/ }).waitFor();
  await notice.getByRole("row", { name: /^Hostname db-07 localhost Differs No:/ }).waitFor();
  await notice.getByRole("button", { name: "Merge with db-07…" }).click();
  const question = page.getByRole("dialog", { name: "Merge with db-07?" });
  await question.getByText("Its own asset localhost is merged into that asset").waitFor();
  await question.getByRole("button", { name: "Merge" }).click();

  await notice.waitFor({ state: "detached" });
  await page.getByRole("heading", { name: "Replaced sensors" }).waitFor();
  await page.getByRole("link", { name: "db-07" }).last().click();
  await page.getByRole("heading", { name: "db-07", level: 1 }).waitFor();
  await page.getByText("Replaced by localhost on").waitFor();

  await page.getByRole("link", { name: "All sensors" }).first().click();
  await rowOf(page, /localhost/).waitFor();
  await waitUntil("db-07 is in no other row", async () => (await rowOf(page, /db-07/).count()) === 1);
  await page.getByRole("button", { name: "Status" }).first().click();
  await page.getByRole("menuitemcheckbox", { name: "Replaced" }).click();
  await rowOf(page, /db-07 replaced by localhost/).waitFor();
  await page.getByRole("button", { name: "Clear", exact: true }).click();
  await rowOf(page, /localhost/).waitFor();

  await old.checkIn();
  await rowOf(page, /^(?!.*localhost).*db-07/).waitFor();
  await rowOf(page, /localhost/).waitFor();
});

test("several duplicates are merged together, and a merge is undone from the replaced sensor", async () => {
  await using installation = await openInstallation({ database: "sqlite", checkInIntervalSeconds: 1 });
  await using browser = await openBrowser();
  const ada = await installation.createSuperAdmin();
  const enroll = await openFleet(installation, ada);
  for (const number of [1, 2, 3]) await enroll(`db-0${number}`, number);
  for (const number of [1, 2, 3]) await enroll(`new-0${number}`, number);

  const page = await browser.openPageAs(ada, installation);
  await page.getByRole("link", { name: "All sensors" }).click();
  await page.getByRole("button", { name: "Possible duplicates" }).click();
  await rowOf(page, /new-03 possible duplicate of db-03/).waitFor();
  await page.getByRole("checkbox", { name: "Select new-01" }).check();
  await page.getByRole("checkbox", { name: "Select new-02" }).check();
  await page.getByRole("button", { name: "Merge…", exact: true }).click();
  const merging = page.getByRole("dialog", { name: "Merge 2 pairs?" });
  await merging
    .getByRole("row", { name: /^new-02 db-02 .* 3 hardware facts agree, none differs$/ })
    .waitFor();
  await merging.getByRole("button", { name: "Merge 2 pairs" }).click();
  await page.getByText("2 pairs merged.").waitFor();
  await rowOf(page, /new-01/).waitFor({ state: "detached" });

  await page.getByRole("button", { name: "Actions for new-03" }).click();
  await page.getByRole("menuitem", { name: "Dismiss…" }).click();
  await page
    .getByRole("dialog", { name: "Dismiss possible duplicate?" })
    .getByRole("button", { name: "Dismiss" })
    .click();
  await page.getByText("No sensors match your search and filters.").waitFor();

  await page.goto(`${installation.server.url}/sensors?status=replaced`);
  await page.getByRole("button", { name: "Actions for db-02" }).click();
  await page.getByRole("menuitem", { name: "Undo merge…" }).click();
  const undoing = page.getByRole("dialog", { name: "Undo merge with new-02?" });
  await undoing.getByRole("button", { name: "Undo merge" }).click();
  await rowOf(page, /db-02/).waitFor({ state: "detached" });
  await rowOf(page, /db-01 replaced by new-01/).waitFor();
});

test("a host is compared with earlier ones only after it is approved", async () => {
  await using installation = await openInstallation({ database: "sqlite", checkInIntervalSeconds: 1 });
  await using browser = await openBrowser();
  const ada = await installation.createSuperAdmin();
  const enroll = await openFleet(installation, ada);
  await enroll("db-07", 1);
  const body = {
    name: "Careful",
    scope: { type: "all-assets" as const },
    expiresAt: null,
    requireApproval: true,
  };
  const { value } = await ada.call(createEnrollmentToken, { body });
  const host = { hostname: "db-07b", ...hardware(1) };
  const { id } = await enrollOverHttp(installation.server.url, value, host);

  const page = await browser.openPageAs(ada, installation, { path: `/sensors/${id}/overview` });
  const merge = page.getByRole("button", { name: "Merge with db-07…" });
  const approve = page.getByRole("button", { name: "Approve…" });
  await approve.waitFor();
  expect((await ada.call(getSensor, { params: { id } })).match).toBeNull();
  expect(await merge.count()).toBe(0);
  await approve.click();
  const question = page.getByRole("dialog", { name: "Approve sensor?" });
  await question.getByRole("checkbox", { name: "The host shows the same four words" }).check();
  await question.getByRole("button", { name: "Approve sensor" }).click();
  await merge.waitFor();
});
