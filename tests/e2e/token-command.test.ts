// Runs `attacklens token` of the built program against a built server, and checks its exit codes and its
// output.
import { expect, test } from "bun:test";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createApiKey } from "@attacklens/protocol/api-keys.ts";
import { createAssetGroup } from "@attacklens/protocol/asset-groups.ts";
import { listEnrollmentTokens } from "@attacklens/protocol/enrollment-tokens.ts";
import { drawSome } from "../../harness/long-tests.ts";
import { runServerCommand } from "../../harness/programs.ts";
import { type Installation, openInstallation, PASSWORD, type User } from "../support/installation.ts";
import { losesFirstReplies, openRelay } from "../support/second-sensor/relay.ts";
import { enrollSensor, filesHolding } from "../support/sensors.ts";

const NEW = ["--expires", "7d"];

async function openShell(installation: Installation, ada: User, role: "viewer" | "posture-manager") {
  const expiresAt = new Date(Date.now() + 86_400_000).toISOString();
  const { value } = await ada.call(createApiKey, { body: { name: "Script", role, expiresAt } });
  const environment = { ATTACKLENS_URL: installation.server.url, ATTACKLENS_API_KEY: value };
  const run = (...args: string[]) => runServerCommand(["token", ...args], { environment });
  return { run, value };
}

test("a script creates a token, a sensor enrolls with it, and the script revokes and deletes tokens", async () => {
  await using installation = await openInstallation({ database: "postgres" });
  const ada = await installation.createSuperAdmin();
  await ada.call(createAssetGroup, { body: { name: "Production" } });
  const shell = await openShell(installation, ada, "posture-manager");

  const created = await shell.run(
    ...["create", "--name", "By script", ...NEW, "--group", "production", "--max-enrollments", "2"],
    ...["--tag", "pci", "--value-only"],
  );
  expect(created.stderr).toBe("");
  expect(created.code).toBe(0);
  expect(created.stdout).toMatch(/^atl_enr_[0-9A-Za-z]{49}\n$/);
  const value = created.stdout.trim();
  expect((await enrollSensor(installation, value)).code).toBe(0);

  const shown = await shell.run("show", "by SCRIPT");
  expect(shown.stdout).toMatch(/Scope:\s+Production\n/);
  expect(shown.stdout).toMatch(/Enrolled:\s+1 of 2\n/);
  expect(shown.stdout).not.toContain(value);
  const paused = await shell.run("pause", "By script", "--json");
  expect(JSON.parse(paused.stdout)).toMatchObject({ name: "By script", status: "paused" });
  expect((await shell.run("resume", "By script")).stdout).toContain("active");
  expect((await shell.run("list")).stdout).toMatch(
    /^NAME +SCOPE +STATUS +ENROLLED +EXPIRES +ID\nBy script +Production +active +1 of 2 +\S+ +tok_\S+\n$/,
  );

  const file = join(installation.folder, "successor");
  const rotate = ["rotate", "By script", "--name", "Second", ...NEW, "--old-until", "now"];
  const rotated = await shell.run(...rotate, "--value-file", file);
  expect(rotated.code).toBe(0);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const successor = readFileSync(file, "utf8").trim();
  expect(rotated.stdout + rotated.stderr).not.toContain(successor);
  const again = await shell.run(...rotate, "--value-file", file);
  expect(again).toMatchObject({ code: 2, stdout: "" });
  expect(again.stderr).toContain("and is not overwritten");

  expect((await shell.run("revoke", "Second")).stdout).toContain("revoked");
  expect((await shell.run("delete", "By script")).stdout).toBe(
    "Deleted By script. 1 sensor stays enrolled.\n",
  );
  expect(filesHolding(join(installation.folder, "server"), shell.value)).toEqual([]);
});

for (const database of drawSome(["sqlite", "postgres"] as const)) {
  test(`a token whose reply is lost is created once, and the command prints the value that works (${database})`, async () => {
    await using installation = await openInstallation({ database });
    const ada = await installation.createSuperAdmin();
    const { run } = await openShell(installation, ada, "posture-manager");
    await using relay = await openRelay(installation.server.url);
    const { handle, lost } = losesFirstReplies();
    const values: string[] = [];
    relay.handle = (asked, forward) =>
      asked.startsWith("POST ")
        ? handle(asked, async () => {
            const answer = await forward();
            values.push((JSON.parse(answer.body.toString()) as { value: string }).value);
            return answer;
          })
        : forward();
    const through = ["--server", relay.url];

    const created = await run("create", "--name", "Lost", ...NEW, ...through, "--value-only");
    expect(created).toMatchObject({ code: 0, stderr: "" });
    const [first, second] = values as [string, string];
    expect(created.stdout.trim()).toBe(second);
    expect((await enrollSensor(installation, first, "a")).code).not.toBe(0);
    expect((await enrollSensor(installation, second, "b")).code).toBe(0);

    const rotate = ["rotate", "Lost", "--name", "Next", ...NEW, "--old-until", "now"];
    const rotated = await run(...rotate, ...through, "--value-only");
    expect(rotated.stdout.trim()).toBe(values[3]!);
    expect((await enrollSensor(installation, values[2]!, "c")).code).not.toBe(0);
    expect((await enrollSensor(installation, values[3]!, "d")).code).toBe(0);
    expect(lost.size).toBe(2);
    const { items } = await ada.call(listEnrollmentTokens);
    expect(items.map(({ name }) => name).toSorted()).toEqual(["Lost", "Next"]);

    // If the second reply is lost too, the result is unknown. The command explains how to check it.
    relay.handle = async (asked, forward) => {
      const answer = await forward();
      return asked.startsWith("POST ") ? "cut" : answer;
    };
    const unknown = await run("create", "--name", "Twice", ...NEW, ...through);
    expect(unknown).toMatchObject({ code: 4, stdout: "" });
    expect(unknown.stderr).toContain("hint: the server may have processed the request");
  });
}

test("each failure has its exit code, its reason and a hint", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  const ada = await installation.createSuperAdmin();
  const viewer = await openShell(installation, ada, "viewer");
  const denied = await viewer.run("create", "--name", "No", ...NEW);
  expect(denied).toMatchObject({ code: 3, stdout: "" });
  expect(denied.stderr).toBe("attacklens: Needs the Posture Manager role or a higher one\n");

  const { run } = await openShell(installation, ada, "posture-manager");
  expect(await run("create", "--name", "No end")).toMatchObject({
    code: 2,
    stderr: "attacklens: --expires is required\nhint: attacklens token --help lists the commands\n",
  });
  expect(await run("show", "Nothing")).toMatchObject({
    code: 5,
    stderr: 'attacklens: There is no enrollment token named "Nothing"\n',
  });
  expect((await run("create", "--name", "Past", "--expires", "2020-01-01T00:00:00Z")).code).toBe(6);
  const network = await run("create", "--name", "Net", ...NEW, "--network", "10.1/99");
  expect(network).toMatchObject({ code: 6, stdout: "" });
  expect(network.stderr).toContain("must be a network such as 10.1.0.0/16");
  expect((await run("frobnicate")).code).toBe(2);
  expect((await run("list", "--server", "http://10.0.0.1")).stderr).toContain(
    "plain HTTP would expose the key on the network",
  );
  const gone = await run("list", "--server", "http://127.0.0.1:9");
  expect(gone.code).toBe(4);

  const noKey = await runServerCommand(["token", "list", "--server", installation.server.url]);
  expect(noKey.code).toBe(3);
  expect(noKey.stderr).toContain("hint: set ATTACKLENS_API_KEY");
  const keyFile = join(installation.folder, "key");
  writeFileSync(keyFile, "atl_key_mistyped\n");
  const mistyped = await run("list", "--api-key-file", keyFile);
  expect(mistyped.code).toBe(3);
  expect(mistyped.stderr).not.toContain("mistyped");
});

test("a user signs in for one command", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  const ada = await installation.createSuperAdmin();
  const args = ["token", "list", "--server", installation.server.url, "--sign-in", ada.email];
  const listed = await runServerCommand(args, { stdin: PASSWORD });
  expect(listed).toMatchObject({ code: 0, stderr: "" });
  expect(listed.stdout).toStartWith("NAME");
  const wrong = await runServerCommand(args, { stdin: "wrong" });
  expect(wrong).toMatchObject({ code: 3, stdout: "" });
  expect(wrong.stderr).toBe("attacklens: Cannot sign in: incorrect email or password\n");
});
