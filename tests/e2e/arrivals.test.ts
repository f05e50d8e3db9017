// An operator watches a rollout: what arrives since the page was opened, and who is missing.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { setRollout } from "@attacklens/protocol/rollout.ts";
import { LONG_TESTS } from "../../harness/long-tests.ts";
import { openBrowser } from "../support/browser.ts";
import { enrollOverHttp } from "../support/http-sensor.ts";
import { openInstallation } from "../support/installation.ts";
import { createToken } from "../support/sensors.ts";

/** A page with a clock that is ten minutes ahead. */
const WITH_WRONG_CLOCK = {
  initScript: () => {
    const now = Date.now.bind(Date);
    Date.now = () => now() + 600_000;
  },
};

const refusedBy = (enrolling: Promise<unknown>) => expect(enrolling).rejects.toThrow("hostname-not-allowed");

test("the page of a token shows hosts that arrive after it was opened, and refusals with their fix", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  await using browser = await openBrowser();
  const { url } = installation.server;
  const ada = await installation.createSuperAdmin();
  const scope = { type: "all-assets" } as const;
  const { value, enrollmentToken } = await ada.call(createEnrollmentToken, {
    body: { name: "East", scope, expiresAt: null, allowedHostnames: ["web-*"] },
  });
  await enrollOverHttp(url, value, { hostname: "web-early" });
  await refusedBy(enrollOverHttp(url, value, { hostname: "db-early" }));

  const path = `/sensors/tokens/${enrollmentToken.id}`;
  const page = await browser.openPageAs(ada, installation, { ...WITH_WRONG_CLOCK, path });
  await page.getByText("Waiting for the first host").waitFor();
  const enrolled = page.getByRole("list", { name: "Enrolled hosts" });
  const refused = page.getByRole("list", { name: "Refused hosts" });
  const host = await enrollOverHttp(url, value, { hostname: "web-01" });
  await enrolled.getByText("Waiting for first inventory").waitFor();
  await enrolled.getByText(/^enrolled .+ ago$/).waitFor();
  await host.checkIn();
  await enrolled.getByText(/^enrolled .+ ago · first inventory after .+ s$/).waitFor();
  await refusedBy(enrollOverHttp(url, value, { hostname: "db-01" }));
  await refused.getByText("db-01 does not match web-*").waitFor();
  await page.getByText("1 enrolled: 1 reporting. 1 host refused.").first().waitFor();
  expect(await enrolled.getByRole("listitem").count()).toBe(1);
  expect(await refused.getByRole("listitem").count()).toBe(1);

  // A reload, the tabs and the dialog of the fix keep the list.
  await page.reload();
  await enrolled.getByRole("link", { name: "web-01" }).waitFor();
  await page.getByRole("link", { name: "Rollout" }).click();
  await page.getByRole("heading", { name: "No expected hosts yet" }).waitFor();
  await page.getByRole("link", { name: "Overview", exact: true }).last().click();
  await refused.getByRole("link", { name: "Allow db-01…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await refused.getByText("Run the command on this host again.").waitFor();
  await enrollOverHttp(url, value, { hostname: "db-01" });
  await enrolled.getByRole("link", { name: "db-01" }).waitFor();

  // A page that is opened later has a new list, and Back returns to the earlier one.
  await page.getByRole("link", { name: "Enrollment Tokens" }).first().click();
  await page.getByRole("link", { name: "East" }).click();
  await page.getByText("Waiting for the first host").waitFor();
  await page.goBack();
  await page.goBack();
  await enrolled.getByRole("link", { name: "web-01" }).waitFor();
});

test("the parts of a rollout's bar filter its hosts and their export", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  await using browser = await openBrowser();
  const { url } = installation.server;
  const ada = await installation.createSuperAdmin();
  const scope = { type: "all-assets" } as const;
  const { value, enrollmentToken } = await ada.call(createEnrollmentToken, {
    body: { name: "East", scope, expiresAt: null, allowedHostnames: ["web-*"] },
  });
  const params = { id: enrollmentToken.id };
  const hostnames = ["web-01", "web-02", "db-01", "=cmd"];
  await ada.call(setRollout, { params, body: { type: "hostnames", hostnames } });
  const host = await enrollOverHttp(url, value, { hostname: "web-01" });
  await host.checkIn();
  await enrollOverHttp(url, value, { hostname: "web-02" });
  await refusedBy(enrollOverHttp(url, value, { hostname: "db-01" }));
  const path = `/sensors/tokens/${params.id}/rollout`;
  const page = await browser.openPageAs(ada, installation, { path });
  await page.getByRole("heading", { name: "1 of 4 expected hosts reporting" }).waitFor();
  const rows = page.getByRole("region", { name: "Expected hosts" }).locator("tbody tr");
  expect(await rows.count()).toBe(4);

  const bar = page.getByRole("group", { name: "Expected hosts by state" });
  await bar.getByRole("button", { name: "Refused: 1 of 4 hosts, 25%" }).press("Enter");
  const legend = page.getByRole("list", { name: "Expected hosts by state, legend" });
  await legend.getByRole("button", { name: "Not seen yet 1", pressed: false }).press("Space");
  await page.getByText("2 of 4 hosts").waitFor();
  expect(new URL(page.url()).searchParams.get("state")).toBe("refused,missing");
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export CSV" }).click();
  const file = await download;
  expect(file.suggestedFilename()).toBe("East - refused missing.csv");
  const lines = readFileSync(await file.path(), "utf8")
    .trimEnd()
    .split("\r\n");
  expect(lines[0]).toBe("hostname,state,reason,first_seen,sensor_id");
  expect(lines[1]).toMatch(/^db-01,refused,Hostname not allowed,\d{4}-.*Z,$/);
  expect(lines[2]).toBe("'=cmd,missing,,,");

  await page.reload();
  await page.getByText("2 of 4 hosts").waitFor();
  const chart = page.getByRole("slider", { name: "Arrivals over time" });
  await chart.focus();
  await page.keyboard.press("End");
  await page.keyboard.press("ArrowLeft");
  expect(await chart.getAttribute("aria-valuetext")).toMatch(/: \d enrolled, \d refused$/);
  await page.getByText("Show as table").click();
  const table = page.getByRole("table", { name: "Arrivals over time" });
  const numbers = await table.locator("tbody td").allTextContents();
  expect(numbers.reduce((sum, number) => sum + Number(number), 0)).toBe(3);
});

/** Only with LONG_TESTS=1, because 200 hosts cost many seconds. */
test.skipIf(!LONG_TESTS)("200 hosts that enroll in a burst are counted with few requests", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  await using browser = await openBrowser();
  const { url } = installation.server;
  const ada = await installation.createSuperAdmin();
  const token = await createToken(ada, "East");
  const page = await browser.openPageAs(ada, installation);
  let requests = 0;
  page.on("request", (request) => {
    if (request.url().includes("/api/v1/")) requests++;
  });
  await page.goto(`${url}/sensors/tokens/${token.id}`);
  await page.getByText("Waiting for the first host").waitFor();
  const before = requests;
  const startedAt = performance.now();
  const numbers = Array.from({ length: 200 }, (_, index) => index).values();
  async function enrollSome() {
    for (const number of numbers) {
      const host = await enrollOverHttp(url, token.value, { hostname: `web-${number}` });
      await host.checkIn();
    }
  }
  await Promise.all(Array.from({ length: 5 }, enrollSome));
  await page.getByText("200 enrolled: 200 reporting.").first().waitFor();
  const list = page.getByRole("list", { name: "Enrolled hosts" });
  expect(await list.getByRole("listitem").count()).toBe(50);
  // Three lists, each at most once a second, and less often during the burst.
  const seconds = (performance.now() - startedAt) / 1000;
  expect(requests - before).toBeLessThan(3 * (seconds / 2 + 5));
});
