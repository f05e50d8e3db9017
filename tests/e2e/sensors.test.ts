import { expect, test } from "bun:test";
import { hostname } from "node:os";
import { join } from "node:path";
import { createAssetGroup } from "@attacklens/protocol/asset-groups.ts";
import { listEnrollmentAttempts } from "@attacklens/protocol/enrollment-attempts.ts";
import { createEnrollmentToken, pauseEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { blockSensor, getSensor, listSensors } from "@attacklens/protocol/sensors.ts";
import { runCommand } from "../../harness/command.ts";
import { runSensor, startSensor } from "../../harness/programs.ts";
import { openBrowser } from "../support/browser.ts";
import { openInstallation } from "../support/installation.ts";
import { createToken, enrollSensor, reportOnce } from "../support/sensors.ts";

test("a sensor is Pending after enrollment, Online after its first report, and shows the machine's packages", async () => {
  await using installation = await openInstallation({ database: "postgres", checkInIntervalSeconds: 2 });
  await using browser = await openBrowser();
  const ada = await installation.createSuperAdmin();
  const { value } = await createToken(ada, "Production");
  const { code, stateDir } = await enrollSensor(installation, value, "sensor", []);
  expect(code).toBe(0);

  const page = await browser.openPageAs(ada, installation);
  await page.getByRole("link", { name: "All sensors" }).click();
  const row = page.getByRole("row", { name: new RegExp(hostname()) });
  await row.getByText("Pending").waitFor();

  const logFile = join(installation.folder, "sensor.log");
  {
    await using _sensor = startSensor({ stateDir, logFile });
    await row.getByText("Online").waitFor();
  }
  await row.getByRole("link", { name: hostname() }).first().click();
  await page.getByRole("heading", { name: hostname(), level: 1 }).waitFor();
  const tabs = page.getByRole("navigation", { name: "Inventory" });
  // What the machine is comes first, and leads to what is open.
  await page.getByRole("heading", { name: "Machine" }).waitFor();
  await page.getByText(/logical processor/).waitFor();
  await tabs.getByRole("link", { name: /^Users/ }).click();
  await page.getByRole("button", { name: "May log in" }).click();
  await page.getByRole("menuitemcheckbox", { name: /^May log in ?\d+$/ }).click();
  await page.waitForURL(/\/users\?where=login:yes$/);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Name", exact: true }).click();
  await page.waitForURL(/sort=name&order=asc$/);
  await page.reload();
  await page.getByRole("status").filter({ hasText: "matching" }).waitFor();
  const loginCells = page
    .getByRole("region", { name: "Users" })
    .getByRole("gridcell", { name: "No", exact: true });
  expect(await loginCells.count()).toBe(0);
  await tabs.getByRole("link", { name: /^Packages/ }).click();
  await page.getByRole("region", { name: "Packages" }).waitFor();
  const status = await page.getByRole("status").filter({ hasText: "item" }).textContent();
  // Beside those of dpkg, there are packages of languages, which depend on the programs that run.
  const count = Number(/([\d\u2009]+) item/.exec(status ?? "")?.[1]?.replaceAll("\u2009", ""));
  expect(count).toBeGreaterThanOrEqual(await countOfPackages());

  await page.getByRole("searchbox", { name: "Search packages" }).fill("libc6");
  await page
    .getByRole("row", { name: /^libc6\b/ })
    .first()
    .waitFor();
  for (const tab of ["Services", "Ports", "Users", "Security", "System"]) {
    await tabs.getByRole("link", { name: new RegExp(tab, "i") }).click();
    await page.getByRole("region", { name: new RegExp(tab, "i") }).waitFor();
  }
  await page.getByRole("link", { name: "All sensors" }).first().click();
  await row.getByText("Offline").waitFor();
});

test("check shows whether an enrollment would succeed, and takes no use", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  const ada = await installation.createSuperAdmin();
  const { url } = installation.server;
  const group = await ada.call(createAssetGroup, { body: { name: "Branch offices" } });
  const { enrollmentToken, value } = await ada.call(createEnrollmentToken, {
    body: {
      name: "One",
      scope: { type: "asset-group", assetGroupId: group.id },
      expiresAt: null,
      maxEnrollments: 1,
    },
  });
  const check = () => runSensor(["check", "--server", url, "--token", "-"], { stdin: value });
  const fine = await check();
  expect(fine.stderr).toBe("");
  expect(fine.stdout).toMatch(
    new RegExp(
      [
        "^ok    name         127.0.0.1 is 127.0.0.1",
        "ok    proxy        none",
        "ok    certificate  none: plain HTTP on this host",
        "ok    pin          none",
        `ok    server       ${url} is an AttackLens server`,
        "ok    clock        matches the server's",
        "ok    token        would be accepted",
        "ok    network      127.0.0.1, this host's address as seen by the server, is allowed",
        "ok    group        \\S+ would join the asset group Branch offices\n$",
      ].join("\n"),
    ),
  );
  expect(fine.code).toBe(0);
  const { items } = await ada.call(listEnrollmentAttempts, {});
  expect(items).toEqual([]);
  await ada.call(pauseEnrollmentToken, { params: { id: enrollmentToken.id } });
  const paused = await check();
  expect(paused.stdout).toContain("FAIL  token        would be refused: the token was paused at ");
  expect(paused.code).toBe(3);
  const nowhere = await runSensor(["check", "--server", "http://127.0.0.1:9"]);
  expect(nowhere.stdout).toContain("FAIL  server       http://127.0.0.1:9 cannot be reached");
  expect(nowhere.code).toBe(4);
});

test("an unenrolled sensor is Uninstalled, and a new enrollment of its host matches it", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  const ada = await installation.createSuperAdmin();
  const { value } = await createToken(ada, "Production");
  const { stateDir } = await enrollSensor(installation, value);
  await reportOnce(stateDir);
  const gone = await runSensor(["unenroll", "--state", stateDir]);
  expect(gone.stderr).toBe("");
  expect(gone.code).toBe(0);
  const uninstalled = (await ada.call(listSensors, { query: { status: "uninstalled" } })).items;
  expect(uninstalled).toMatchObject([{ status: "uninstalled" }]);
  expect((await enrollSensor(installation, value)).code).toBe(0);
  const [pending, ...others] = (await ada.call(listSensors, { query: { status: "pending" } })).items;
  expect(others).toEqual([]);
  // Whether the two are one host is an operator's decision.
  expect(pending?.asset.id).not.toBe(uninstalled[0]!.asset.id);
});

test("unenroll works while the sensor awaits approval, before its first check-in, and while it is blocked", async () => {
  await using installation = await openInstallation({ database: "postgres" });
  const ada = await installation.createSuperAdmin();
  const make = async (name: string, requireApproval: boolean) => {
    const body = { name, scope: { type: "all-assets" as const }, expiresAt: null, requireApproval };
    return (await ada.call(createEnrollmentToken, { body })).value;
  };
  const [plain, approval] = [await make("Plain", false), await make("Approval", true)];
  for (const state of ["awaiting-approval", "pending", "blocked"] as const) {
    const { stateDir } = await enrollSensor(installation, state === "pending" ? plain : approval, state);
    const [sensor] = (await ada.call(listSensors, { query: { sort: "enrolledAt", order: "desc" } })).items;
    if (state === "blocked") await ada.call(blockSensor, { params: { id: sensor!.id } });
    expect((await runSensor(["unenroll", "--state", stateDir])).code).toBe(0);
    const after = await ada.call(getSensor, { params: { id: sensor!.id } });
    expect([state, after.status, after.blockedAt !== null]).toEqual([
      state,
      "uninstalled",
      state === "blocked",
    ]);
  }
});

test("a mistyped token is rejected before anything is sent", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  const ada = await installation.createSuperAdmin();
  const { value } = await createToken(ada, "Mistyped");
  const wrong = value.slice(0, -1) + (value.endsWith("0") ? "1" : "0");
  const { code, stderr, stateDir } = await enrollSensor(installation, wrong);
  expect(code).not.toBe(0);
  expect(stderr).toContain("typing error");
  expect(stderr).not.toContain(wrong);
  expect(await Bun.file(join(stateDir, "identity.json")).exists()).toBeFalse();
});

test("a sensor that cannot reach its server reports that and keeps its identity", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  const ada = await installation.createSuperAdmin();
  const { value } = await createToken(ada, "Unreachable");
  const { stateDir } = await enrollSensor(installation, value);
  await installation.server.stop();
  const { code, stderr } = await reportOnce(stateDir);
  const unreachable = 4;
  expect(code).toBe(unreachable);
  expect(stderr).toContain(installation.server.url);
  const status = await runSensor(["status", "--json", "--state", stateDir]);
  expect(status.code).toBe(unreachable);
  expect(JSON.parse(status.stdout)).toMatchObject({ sensorId: expect.stringMatching(/^sen_/) });
});

/** The installed packages according to the machine's own tool. */
async function countOfPackages(): Promise<number> {
  const { stdout } = await runCommand([
    "dpkg-query",
    "-W",
    "-f",
    "$" + "{db:Status-Status} $" + "{Package}\n",
  ]);
  return stdout.split("\n").filter((line) => line.startsWith("installed ")).length;
}
