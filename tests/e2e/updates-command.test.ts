// Runs `attacklens updates` of the built program against a built server, and checks its exit codes and its
// output.
import { expect, test } from "bun:test";
import { createApiKey } from "@attacklens/protocol/api-keys.ts";
import { createAssetGroup } from "@attacklens/protocol/asset-groups.ts";
import { runServerCommand } from "../../harness/programs.ts";
import { waitUntil } from "../../harness/wait-until.ts";
import { type Installation, openInstallation, type User } from "../support/installation.ts";
import { createToken } from "../support/sensors.ts";
import { openServerReleases } from "../support/server-releases.ts";
import { enrollUpdatingHost } from "../support/updating-host.ts";

async function openShell(installation: Installation, ada: User, role: "viewer" | "admin") {
  const expiresAt = new Date(Date.now() + 86_400_000).toISOString();
  const { value } = await ada.call(createApiKey, { body: { name: role, role, expiresAt } });
  const environment = { ATTACKLENS_URL: installation.server.url, ATTACKLENS_API_KEY: value };
  return (...args: string[]) => runServerCommand(["updates", ...args], { environment });
}

test("a script creates, changes, orders and pauses rings, and reads how far they got", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  const ada = await installation.createSuperAdmin();
  await ada.call(createAssetGroup, { body: { name: "Lab" } });
  await (await openServerReleases(installation)).add("2026.11.1");
  const { value } = await createToken(ada, "Any");
  const host = await enrollUpdatingHost(installation.server.url, value, "web-01");
  const run = await openShell(installation, ada, "admin");

  const created = await run(
    ...["create", "--name", "Test lab", "--group", "lab", "--day", "sat,sun", "--hours", "22:00-04:00"],
    ...["--canaries", "1", "--soak-minutes", "0"],
  );
  expect(created).toMatchObject({ code: 0, stderr: "" });
  expect(created.stdout).toMatch(/Asset groups: +Lab\n/);
  expect(created.stdout).toMatch(/Days: +Saturday, Sunday\n/);
  expect((await run("create", "--name", "second")).code).toBe(0);
  expect((await run("order", "second", "Test lab")).stdout).toMatch(
    /^RING .*\nsecond .*\nTest lab .*\nEverything/,
  );

  await waitUntil("the release is known", async () => (await run("status")).stdout.includes("2026.11.1"));
  const status = await run("status");
  expect(status.stdout).toMatch(/^RELEASE +COUNTER +EXPIRES +ON THIS SERVER\n2026\.11\.1 +1 +\S+ +yes\n/);
  expect(status.stdout).toMatch(/\nVERSION +HOSTS\n2026\.11\.0 +1\n/);
  const pinned = await run("pin", "everything ELSE", "2026.11.1", "--json");
  expect(JSON.parse(pinned.stdout)).toMatchObject({ version: "2026.11.1", target: "2026.11.1" });
  expect((await run("set", "Everything else", "--mandatory", "yes")).stdout).toMatch(/Mandatory: +Yes/);
  expect((await run("pause", "Everything else")).stdout).toMatch(/State: +paused/);
  expect(await host.checkIn()).toBeUndefined();
  expect((await run("resume", "Everything else")).stdout).toMatch(/Pinned version: +2026\.11\.1/);
  await host.follow(["2026.11.1"]);
  const hosts = await run("hosts", "--state", "rolled-back");
  expect(hosts.stdout).toMatch(
    /\nweb-01 +2026\.11\.0 +Everything else +rolled-back +it ended with exit code 1 +sen_/,
  );
  expect((await run("retry-host", "WEB-01")).stdout).toContain("offered");
  expect(await host.checkIn()).toEqual({ version: "2026.11.1", attempt: 2 });
  expect((await run("delete", "second")).stdout).toBe("Deleted second. 0 hosts move to the last ring.\n");

  const refusals: [string[], number, string][] = [
    [["pin", "Test lab", "2020.1.0"], 6, "version is not the version of a stored release (2026.11.1)"],
    [["set", "Test lab", "--hours", "22-4"], 6, "hours must be two times such as 22:00-04:00"],
    [["delete", "Everything else"], 6, "so it stays where it is"],
    [["retry", "Test lab"], 6, "No update has failed in this ring"],
    [["show", "none"], 5, 'There is no ring named "none"'],
    [["set", "Test lab"], 2, "Nothing to set"],
    [["explode"], 2, 'There is no command "updates explode"'],
  ];
  for (const [args, code, message] of refusals) {
    const refused = await run(...args);
    expect([refused.code, refused.stdout]).toEqual([code, ""]);
    expect(refused.stderr).toContain(message);
  }
  const viewer = await openShell(installation, ada, "viewer");
  expect((await viewer("rings")).code).toBe(0);
  expect((await viewer("pause", "Test lab")).code).toBe(3);
});
