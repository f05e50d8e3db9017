// The deploy guides in the console, for a user who may only read.
import { expect, test } from "bun:test";
import { waitUntil } from "../../harness/wait-until.ts";
import { openBrowser } from "../support/browser.ts";
import { openInstallation } from "../support/installation.ts";
import { createToken, enrollSensor } from "../support/sensors.ts";
import { SMALL_HOSTNAME } from "../support/small-host.ts";

test("a Viewer chooses a guide and a token, copies the text, and keeps the choice on a reload", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  await using browser = await openBrowser();
  const ada = await installation.createSuperAdmin();
  const token = await createToken(ada, "Production");
  const viewer = await installation.createUser("viewer");
  const permissions = ["clipboard-read", "clipboard-write"];
  const page = await browser.openPageAs(viewer, installation, { permissions });

  await page.getByRole("link", { name: "Deploy" }).click();
  await page.getByRole("heading", { name: "Install the sensor on a Linux host from a shell" }).waitFor();
  await page.getByText("This server offers no programs yet").waitFor();
  await page.getByText("attacklens releases add FOLDER").first().waitFor();

  await page.getByText("Windows", { exact: true }).click();
  await page.getByRole("combobox", { name: "Tool" }).click();
  await page.getByRole("option", { name: "Intune" }).click();
  await page.getByRole("heading", { name: "Install the sensor on Windows hosts with Intune" }).waitFor();

  await page.getByText("Containers", { exact: true }).click();
  await page.getByRole("combobox", { name: "Tool" }).click();
  await page.getByRole("option", { name: "Kubernetes" }).click();
  await page.getByRole("combobox", { name: "Token" }).click();
  await page.getByRole("option", { name: "Production" }).click();
  const proxy = page.getByRole("textbox", { name: "Proxy of the hosts" });
  await proxy.fill("http://ann:secret@proxy.example.com:3128");
  await proxy.press("Enter");
  await page.getByText("Leave out the credentials").waitFor();
  await proxy.fill("proxy.example.com:3128");
  await proxy.press("Enter");
  await waitUntil("the URL has the choice", async () => page.url().includes("proxy="));
  const search = new URL(page.url()).searchParams;
  expect(Object.fromEntries(search)).toEqual({
    guide: "kubernetes",
    token: token.id,
    proxy: "http://proxy.example.com:3128",
  });

  // Not a host that enrolled before the page was opened.
  await page.getByText("Waiting for the first host").waitFor();
  await enrollSensor(installation, token.value);
  await page.getByRole("list", { name: "Enrolled hosts" }).getByText(SMALL_HOSTNAME).waitFor();

  await page.reload();
  await page.getByRole("button", { name: "Copy: The namespace and the DaemonSet" }).click();
  const text = await waitUntil("the text is copied", () =>
    page.evaluate(() => navigator.clipboard.readText()),
  );
  expect(text).toContain(`- "${installation.server.url}"`);
  expect(text).toContain('- "http://proxy.example.com:3128"');
  expect(text).not.toContain(token.value);
  await page.getByRole("navigation", { name: "Contents of the guide" }).getByText("Troubleshooting").click();
  await page.getByText("Init:CrashLoopBackOff").waitFor();
});
