// A user's own account in the browser: name, password, sessions, and the confirmation of an old sign-in.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { join } from "node:path";
import { listApiKeys } from "@attacklens/protocol/api-keys.ts";
import { findFreePort } from "../../harness/free-port.ts";
import { openBrowser } from "../support/browser.ts";
import { type Installation, openInstallation, PASSWORD } from "../support/installation.ts";

const NEW_PASSWORD = "amber kettle drifts 77";

/** Every sign-in seems to be an hour ago. */
function ageSessions({ folder }: Installation): void {
  using database = new Database(join(folder, "server", "attacklens.db"));
  database.run("pragma busy_timeout = 10000");
  database.run("update session set created_at = ?, confirmed_at = null", [Date.now() - 3_600_000]);
}

/** The code that an authenticator app shows, in a step after the current one (RFC 6238). */
function codeOf(secret: string, steps = 0): string {
  const bits = [...secret]
    .map((one) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(one).toString(2).padStart(5, "0"))
    .join("");
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const digest = createHmac("sha1", key).update(counter).digest();
  const number = digest.readUInt32BE(digest.at(-1)! & 15) & 0x7fff_ffff;
  return String(number % 1_000_000).padStart(6, "0");
}

test("a user changes their name and password, ends sessions, and confirms an old sign-in", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  await using browser = await openBrowser();
  const ada = await installation.createSuperAdmin();
  const page = await browser.openPageAs(ada, installation);
  const dialog = (name: string) => page.getByRole("dialog", { name });

  // An old sign-in: the form keeps what was typed, and the action continues after the confirmation.
  ageSessions(installation);
  await page.getByRole("link", { name: "API keys" }).click();
  await page.getByRole("link", { name: "Create API key" }).first().click();
  await page.getByRole("textbox", { name: "Name" }).fill("Pipeline");
  await page.getByRole("button", { name: "Create", exact: false }).last().click();
  const confirmation = dialog("Confirm that it is you");
  await confirmation.waitFor();
  await page.keyboard.press("Escape");
  await confirmation.waitFor({ state: "detached" });
  await dialog("Create API key").getByText("did not confirm").waitFor();
  expect(await page.getByRole("textbox", { name: "Name" }).inputValue()).toBe("Pipeline");
  await page.getByRole("textbox", { name: "Name" }).press("Enter");
  await confirmation.getByRole("textbox", { name: "Your password" }).fill("wrong");
  await page.keyboard.press("Enter");
  await confirmation.getByText("Not correct").waitFor();
  await confirmation.getByRole("textbox", { name: "Your password" }).fill(PASSWORD);
  await page.keyboard.press("Enter");
  const shown = page.getByRole("dialog").filter({ hasText: "I have stored it" });
  await shown.getByRole("checkbox").check();
  await shown.getByRole("button", { name: "Close" }).click();
  await page.getByRole("row", { name: /Pipeline/ }).waitFor();
  expect((await ada.call(listApiKeys)).items.map(({ name }) => name)).toEqual(["Pipeline"]);

  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("menuitem", { name: "Account" }).click();
  await page.getByRole("link", { name: "Change name" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("Ada King");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("button", { name: /Ada King.*Super Admin/ }).waitFor();

  const other = await browser.openPage();
  await other.goto(`${installation.server.url}/sign-in`);
  await other.getByRole("textbox", { name: "Email" }).fill(ada.email);
  await other.getByRole("textbox", { name: "Password" }).fill(PASSWORD);
  await other.getByRole("button", { name: "Sign in" }).click();
  await other.getByRole("heading", { name: "Overview", level: 1 }).waitFor();

  const sessions = page.getByRole("list", { name: "Sessions" }).getByRole("listitem");
  await sessions.filter({ hasText: "Chrome on Linux" }).waitFor();
  await page.getByRole("link", { name: "Change password" }).click();
  await page.getByRole("textbox", { name: "Current password" }).fill(PASSWORD);
  await page.getByRole("textbox", { name: "New password", exact: true }).fill("stoplookingatmypassword");
  await page.getByRole("textbox", { name: "Repeat new password" }).fill("stoplookingatmypassword");
  await page.getByText("Password strength:").waitFor();
  await dialog("Change password").getByRole("button", { name: "Change password" }).click();
  await page.getByText("data breaches").waitFor();
  await page.getByRole("textbox", { name: "New password", exact: true }).fill(NEW_PASSWORD);
  await page.getByRole("textbox", { name: "Repeat new password" }).fill(NEW_PASSWORD);
  await dialog("Change password").getByRole("button", { name: "Change password" }).click();
  await page.getByText(/The password is changed/).waitFor();
  expect(await sessions.count()).toBe(1);
  // The stream of the other browser has ended, so it asks for a sign-in.
  await other.getByRole("heading", { name: "Sign in" }).waitFor();

  await page.getByRole("button", { name: "Sign out everywhere" }).click();
  await dialog("Sign out everywhere?").getByRole("button", { name: "Sign out everywhere" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
});

test("a required second factor is added at sign-in, asked for, and replaced by a recovery code", async () => {
  await using installation = await openInstallation({
    database: "sqlite",
    environment: { ATTACKLENS_REQUIRE_SECOND_FACTOR: "on" },
  });
  await using browser = await openBrowser();
  const ada = await installation.createSuperAdmin();
  const page = await browser.openPage();
  async function signIn() {
    await page.goto(`${installation.server.url}/account`);
    await page.getByRole("textbox", { name: "Email" }).fill(ada.email);
    await page.getByRole("textbox", { name: "Password" }).fill(PASSWORD);
    await page.getByRole("button", { name: "Sign in" }).click();
  }
  async function signOut() {
    await page.getByRole("button", { name: /^Account/ }).click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
  }

  await signIn();
  await page.getByRole("heading", { name: "Add a second factor" }).waitFor();
  await page.getByRole("button", { name: "Add an authenticator app" }).click();
  const secret = (await page.getByText(/^[A-Z2-7]{32}$/).textContent())!;
  await page.getByRole("img", { name: "QR code for the authenticator app" }).waitFor();
  await page.getByRole("textbox", { name: "Code from the app" }).fill("000000");
  await page.getByRole("button", { name: "Add authenticator app" }).click();
  await page.getByText(/Not correct/).waitFor();
  await page.getByRole("textbox", { name: "Code from the app" }).fill(codeOf(secret));
  await page.getByRole("button", { name: "Add authenticator app" }).click();
  const shown = page.getByRole("list", { name: "Recovery codes" });
  await shown.waitFor();
  const codes = await shown.getByRole("listitem").allTextContents();
  expect(codes).toHaveLength(10);
  await page.getByRole("checkbox", { name: "I have stored them" }).check();
  await page.getByRole("button", { name: "Done" }).click();
  // The page that the user wanted to open.
  await page.getByText("10 unused codes").waitFor();

  await signOut();
  await signIn();
  await page.getByRole("heading", { name: "Second step" }).waitFor();
  await page.getByRole("textbox", { name: "Code" }).fill("000000");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByText(/incorrect or was used before/).waitFor();
  await page.getByRole("textbox", { name: "Code" }).fill(codeOf(secret, 1));
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("heading", { name: "Account", level: 1 }).waitFor();

  await signOut();
  await signIn();
  await page.getByRole("button", { name: "Use a recovery code" }).click();
  await page.getByRole("textbox", { name: "Recovery code" }).fill(codes[0]!);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByText("9 unused codes").waitFor();
});

test("a passkey is a required second factor, signs in without a password, and confirms an old sign-in", async () => {
  const port = await findFreePort();
  await using installation = await openInstallation({
    database: "sqlite",
    listen: `127.0.0.1:${port}`,
    publicUrl: `http://localhost:${port}`,
    environment: { ATTACKLENS_REQUIRE_SECOND_FACTOR: "on" },
  });
  await using browser = await openBrowser();
  const ada = await installation.createSuperAdmin();
  const page = await browser.openPage();
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  const { authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  await page.goto(`http://localhost:${port}/account`);
  await page.getByRole("textbox", { name: "Email" }).fill(ada.email);
  await page.getByRole("textbox", { name: "Password" }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("heading", { name: "Add a second factor" }).waitFor();
  await page.getByRole("button", { name: "Add a passkey" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("Laptop");
  await page.getByRole("button", { name: "Continue" }).click();
  const codes = page.getByRole("list", { name: "Recovery codes" }).getByRole("listitem");
  await codes.nth(9).waitFor();
  await page.getByRole("checkbox", { name: "I have stored them" }).check();
  await page.getByRole("button", { name: "Done" }).click();
  const passkeys = page.getByRole("list", { name: "Passkeys" });
  await passkeys.getByText("Laptop").waitFor();
  await passkeys.getByText("Never used").waitFor();
  await page.getByText("10 unused codes").waitFor();

  async function signOut() {
    await page.getByRole("button", { name: /^Account/ }).click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
  }
  await signOut();
  // A device that does not verify its user is not sufficient.
  await devtools.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
  await page.getByRole("button", { name: "Use a passkey" }).click();
  await page.getByText(/did not use a passkey/).waitFor();
  await devtools.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: true });
  await page.getByRole("button", { name: "Use a passkey" }).click();
  await page.getByRole("heading", { name: "Overview", level: 1 }).waitFor();

  // The password alone is no longer sufficient.
  await signOut();
  await page.getByRole("textbox", { name: "Email" }).fill(ada.email);
  await page.getByRole("textbox", { name: "Password" }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("heading", { name: "Second step" }).waitFor();
  await page.getByRole("button", { name: "Use a passkey" }).click();
  await page.getByRole("heading", { name: "Overview", level: 1 }).waitFor();

  ageSessions(installation);
  await page.goto(`http://localhost:${port}/account`);
  await page.getByRole("button", { name: "Remove passkey Laptop" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove passkey" }).click();
  await page.getByRole("button", { name: "Use a passkey instead" }).click();
  await page.getByRole("heading", { name: "Add a second factor" }).waitFor();

  // At another name of the same server, the page says where passkeys work.
  await page.goto(`http://127.0.0.1:${port}/sign-in`);
  await page.getByRole("button", { name: "Use a passkey" }).click();
  await page.getByText(/work only at localhost/).waitFor();
});
