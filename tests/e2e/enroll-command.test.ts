// The commands that the console shows, copied and pasted unchanged. `sudo` and the name of the sensor in PATH
// run the built sensor.
import { expect, test } from "bun:test";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { listSensors } from "@attacklens/protocol/sensors.ts";
import type { Locator, Page } from "playwright-core";
import { programPath, SENSOR } from "../../harness/build.ts";
import { runCommand } from "../../harness/command.ts";
import { cleanEnvironment } from "../../harness/programs.ts";
import { waitUntil } from "../../harness/wait-until.ts";
import { openBrowser } from "../support/browser.ts";
import { type Installation, openInstallation } from "../support/installation.ts";

const permissions = ["clipboard-read", "clipboard-write"];

test.skipIf(process.platform === "win32")(
  "the copied commands for a token and for a ticket work with a private CA",
  async () => {
    // 127.1 is also this host, but the server does not treat it as loopback and uses TLS there.
    const port = freePort();
    await using installation = await openInstallation({
      database: "sqlite",
      environment: {
        ATTACKLENS_SENSOR_LISTEN: `127.1:${port}`,
        ATTACKLENS_SENSOR_URL: `https://127.0.0.1:${port}`,
      },
    });
    await using browser = await openBrowser();
    const ada = await installation.createSuperAdmin();
    const page = await browser.openPageAs(ada, installation, { permissions });

    const created = await createToken(page);
    const value = await created.getByRole("textbox", { name: "Enrollment Token" }).inputValue();
    // The package is installed already, so its second command is left.
    await chooseTool(created, "Debian package");
    const enroll = await copyCommand(created, "Copy: Paste this command, and then the token at the prompt");
    expect(enroll).toMatch(
      new RegExp(`--server https://127.0.0.1:${port} .*--ca-pin sha256:[0-9a-f]{64}`, "s"),
    );
    const check = await copyCommand(created, "Copy: Test name, proxy, certificate, clock, token and network");
    expect(enroll + check).not.toContain(value);
    const checked = await paste(installation, check, value, "first");
    expect(checked.stdout).not.toContain("FAIL");
    expect(checked.stdout).toContain("127.0.0.1, this host's address as seen by the server, is allowed");
    expect(checked.stdout).toContain(`${hostname()} would join no asset group`);
    expect((await ada.call(listSensors)).items).toEqual([]);
    const enrolled = await paste(installation, enroll, value, "first");
    expect(enrolled.stderr).toBe("");
    expect(enrolled.stdout).toContain(`enrolled ${hostname()} as sen_`);
    const [sensor] = (await ada.call(listSensors)).items;

    await created.getByRole("checkbox", { name: "I have stored it" }).check();
    await created.getByRole("button", { name: "Close" }).click();
    await page.getByRole("link", { name: "All sensors" }).click();
    await page.getByRole("link", { name: hostname() }).first().click();
    await page.getByRole("button", { name: "Actions", exact: true }).click();
    await page.getByRole("menuitem", { name: "Re-enroll…" }).click();
    await page.getByRole("button", { name: "Create ticket" }).click();
    const made = page.getByRole("dialog", { name: "Store the ticket now" });
    const ticket = await made.getByRole("textbox", { name: "Re-enrollment ticket" }).inputValue();
    const again = await paste(installation, await copyCommand(made), ticket, "second");
    expect(again.stderr).toBe("");
    expect(again.stdout).toContain(`re-enrolled ${hostname()} as ${sensor?.id}`);
    await made.getByText("Preflight check").click();
    const way = await paste(installation, await copyCommand(made), "", "second");
    expect(way.stdout).toMatch(/^ok +pin +the server presents sha256:[0-9a-f]{64}/m);
    expect(way.code).toBe(0);
    await made.getByRole("checkbox", { name: "I have stored it" }).check();
    await made.getByRole("button", { name: "Close" }).click();
  },
);

test("the page shows a warning if sensors reject the address of the console", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  await using browser = await openBrowser();
  const ada = await installation.createSuperAdmin();
  const url = installation.server.url.replace("127.0.0.1", "attacklens.localhost");
  const far = { ...installation, server: { ...installation.server, url } };
  const page = await browser.openPageAs(ada, far, { permissions });
  const created = await createToken(page);
  await created
    .getByText(`Sensors reject the address ${url}, because plain HTTP exposes the token to the network`)
    .waitFor();
  const value = await created.getByRole("textbox", { name: "Enrollment Token" }).inputValue();
  await chooseTool(created, "Debian package");
  const install = await copyCommand(created, "Copy: Paste this command, and then the token at the prompt");
  const refused = await paste(installation, install, value, "far");
  expect(refused.stderr).toContain("plain HTTP would expose the token on the network");
  await created.getByRole("checkbox", { name: "I have stored it" }).check();
  await created.getByRole("button", { name: "Close" }).click();

  await page.getByRole("link", { name: "Created in the page" }).click();
  await page.getByText("None: plain HTTP").waitFor();
  await page.getByRole("link", { name: "Deploy sensors with this token" }).click();
  await page.getByText(`Sensors reject the address ${url}`).waitFor();
});

async function createToken(page: Page): Promise<Locator> {
  await page.getByRole("link", { name: "Enrollment Tokens" }).click();
  await page.getByRole("link", { name: "Create Token" }).first().click();
  const form = page.getByRole("dialog", { name: "Create Enrollment Token" });
  await form.getByRole("textbox", { name: "Name" }).fill("Created in the page");
  await form.getByRole("button", { name: "Create", exact: true }).click();
  return page.getByRole("dialog", { name: "Store the token now" });
}

async function chooseTool(dialog: Locator, tool: string): Promise<void> {
  await dialog.getByRole("combobox", { name: "Tool" }).click();
  await dialog.page().getByRole("option", { name: tool }).click();
}

async function copyCommand(dialog: Locator, button = "Copy command"): Promise<string> {
  const page = dialog.page();
  await page.evaluate(() => navigator.clipboard.writeText(""));
  await dialog.getByRole("button", { name: button }).click();
  // On a slow machine, the label "Copied" may disappear before the test reads it.
  return await waitUntil("the command is copied", () => page.evaluate(() => navigator.clipboard.readText()));
}

/** Runs a command in a terminal and pastes the secret. `install` only enrolls: it needs a service manager. */
async function paste({ folder }: Installation, command: string, secret: string, name: string) {
  const bin = join(folder, `bin-${name}`);
  mkdirSync(bin, { recursive: true });
  const cases = ["install) shift; set -- enroll", "enroll) set --"].map(
    (words) => `${words} "$@" --state "${join(folder, name)}"`,
  );
  const sensor = `case "$1" in ${cases.join(";; ")};; esac\nexec "${programPath(SENSOR)}" "$@"`;
  for (const [program, script] of Object.entries({ sudo: 'exec "$@"', "attacklens-sensor": sensor })) {
    writeFileSync(join(bin, program), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, program), 0o700);
  }
  const env = cleanEnvironment({ PATH: `${bin}:${process.env.PATH}` });
  return await runCommand(["bash", "-c", command], { env, stdin: `${secret}\n` });
}

function freePort(): number {
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  server.stop(true);
  return server.port;
}
