// Two rings of 20 hosts, with a release that goes wrong in the middle of the first one.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { createAssetGroup } from "@attacklens/protocol/asset-groups.ts";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { createUpdateRing, getUpdates, updateUpdateRing } from "@attacklens/protocol/update-rings.ts";
import { waitUntil } from "../../harness/wait-until.ts";
import { openBrowser } from "../support/browser.ts";
import { openInstallation, type User } from "../support/installation.ts";
import { openServerReleases } from "../support/server-releases.ts";
import { enrollUpdatingHost, type UpdatingHost } from "../support/updating-host.ts";

const HOSTS_A_RING = 20;
const OLD = "2026.11.0";
const BAD = "2026.11.1";
const GOOD = "2026.11.2";

/** Hosts of a new asset group. */
async function openGroup(
  ada: User,
  url: string,
  name: string,
): Promise<{ id: string; hosts: UpdatingHost[] }> {
  const { id } = await ada.call(createAssetGroup, { body: { name } });
  const body = { name, scope: { type: "asset-group", assetGroupId: id }, expiresAt: null } as const;
  const { value } = await ada.call(createEnrollmentToken, { body });
  const enrolling = Array.from({ length: HOSTS_A_RING }, (_, index) =>
    enrollUpdatingHost(url, value, `${name.toLowerCase()}-${index}`),
  );
  return { id, hosts: await Promise.all(enrolling) };
}

/** Every host checks in, as in an interval. The first hosts of the lab do not run into the defect. */
async function interval(hosts: readonly UpdatingHost[]): Promise<void> {
  await Promise.all(hosts.map((host, index) => host.follow(index < 5 ? [] : [BAD])));
}
const running = (hosts: readonly UpdatingHost[], version: string) =>
  hosts.filter((host) => host.version === version).length;

test("a bad release stops in its ring, and a good one reaches every host", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  const { url } = installation.server;
  const ada = await installation.createSuperAdmin();
  const releases = await openServerReleases(installation);
  const [lab, office] = [await openGroup(ada, url, "Lab"), await openGroup(ada, url, "Office")];
  const all = [...lab.hosts, ...office.hosts];
  await Promise.all(all.map((host) => host.checkIn()));

  await using browser = await openBrowser();
  const page = await browser.openPageAs(ada, installation);
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Updates" }).click();
  await page.getByText("attacklens releases add FOLDER", { exact: true }).waitFor();
  await page.getByRole("link", { name: "Create Ring" }).click();
  const dialog = page.getByRole("dialog", { name: "Create Ring" });
  await dialog.getByLabel("Name").fill("Lab");
  await dialog.getByRole("combobox", { name: "Asset Groups" }).fill("Lab");
  await page.getByRole("option", { name: "Lab" }).click();
  await dialog.getByLabel("Canaries").fill("3");
  await dialog.getByRole("button", { name: "Create Ring" }).click();
  const labRing = page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: "Lab" }) });
  await labRing.getByText("20 hosts").waitFor();
  const body = { name: "Office", assetGroupIds: [office.id], soakMinutes: 0 };
  await ada.call(createUpdateRing, { body });

  await releases.add(BAD);
  const rings = async () => (await ada.call(getUpdates)).rings;
  await waitUntil("the release is known", async () => (await rings())[0]!.target === BAD);
  // The canaries are among the hosts that succeed.
  for (let turn = 0; turn < 3; turn++) await interval(lab.hosts.slice(0, 5));
  for (let turn = 0; turn < 3; turn++) await interval(all);
  const [stopped, waiting] = await rings();
  expect([stopped!.state, waiting!.state]).toEqual(["stopped", "waiting"]);
  expect(stopped!.failures).toBeGreaterThanOrEqual(3);
  expect([running(all, OLD), running(office.hosts, OLD)]).toEqual([35, 20]);
  expect(office.hosts.filter((host) => host.offered.size > 0)).toEqual([]);
  await labRing.getByText("Stopped").waitFor();
  await page.getByText("Stopped update ring after failures").waitFor();

  await ada.call(updateUpdateRing, { params: { id: stopped!.id }, body: { soakMinutes: 0 } });
  await releases.add(GOOD);
  await waitUntil("every host runs the good release", async () => {
    await interval(all);
    return running(all, GOOD) === all.length;
  });
  expect(office.hosts.filter((host) => host.offered.has(BAD))).toEqual([]);
  await labRing.getByText(`20 hosts run ${GOOD}.`).waitFor();
  await page.getByRole("button", { name: `${GOOD}: 40 of 40 hosts, 100%` }).click();
  await page.getByRole("heading", { name: "Hosts and their updates" }).waitFor();
  expect(new URL(page.url()).searchParams.get("version")).toBe(GOOD);
  await page.getByText("40 matching").waitFor();
  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export CSV" }).click();
  const rows = readFileSync(await (await downloading).path(), "utf8")
    .trim()
    .split("\r\n");
  expect(rows[0]).toStartWith("hostname,sensor_id,version,ring,");
  expect(rows.filter((row) => row.includes(`,${GOOD},Lab,${GOOD},Lab,done,`))).toHaveLength(20);
});
