import { expect, test } from "bun:test";
import { askingFor } from "@attacklens/protocol/deploy-guides/sensor-command.ts";
import { checkCommand, enrollCommand, PLATFORMS, type Target, targetOf } from "./sensor-commands.ts";

const PIN = `sha256:${"9f86d081".repeat(8)}`;
const CONSOLE = "https://console.example.com";
const PRIVATE: Target = { server: "https://sensors.example.com:8443", caPin: PIN, reach: "network" };
const PUBLIC: Target = { server: "https://attacklens.example.com", caPin: null, reach: "network" };
const none = { sensorUrl: null, caPin: null, caSha256: null, certificateExpiresAt: null, release: null };

test("the commands use the server's address for sensors, or else the address of the console", () => {
  expect(targetOf({ ...none, sensorUrl: PRIVATE.server, caPin: PIN }, CONSOLE)).toEqual(PRIVATE);
  expect(targetOf(none, CONSOLE)).toEqual({ server: CONSOLE, caPin: null, reach: "network" });
  expect(targetOf({ ...none, caPin: PIN }, "https://10.0.0.5:8443").caPin).toBe(PIN);
});

test.each([
  ["http://10.0.0.5:8080", "rejected"],
  ["http://attacklens.example.com", "rejected"],
  ["http://attacklens.localhost:8080", "rejected"],
  ["http://127.0.0.1:8080", "local"],
  ["http://localhost:8080", "local"],
  ["https://[::1]:8443", "local"],
  ["https://10.0.0.5:8443", "network"],
] as const)("the reach of %s is %s", (origin, reach) => {
  expect(targetOf(none, origin).reach).toBe(reach);
  expect(targetOf({ ...none, sensorUrl: origin }, CONSOLE).reach).toBe(reach);
});

test("plain HTTP has no pin, because the sensor rejects it", () => {
  expect(targetOf({ ...none, caPin: PIN }, "http://127.0.0.1:8080").caPin).toBeNull();
});

test("enroll on Linux and macOS asks for the ticket and pins the private CA", () => {
  const command = `sudo attacklens-sensor enroll --token - \\
  --server https://sensors.example.com:8443 \\
  --ca-pin ${PIN}`;
  const expected = askingFor("Re-enrollment ticket", "posix", command);
  expect(expected).toContain(`printf %s "$TOKEN" |\n  sudo attacklens-sensor enroll --token - \\\n`);
  expect(enrollCommand(PRIVATE, "linux")).toBe(expected);
  expect(enrollCommand(PRIVATE, "darwin")).toBe(expected);
});

test("enroll on Windows does the same in PowerShell", () => {
  expect(enrollCommand(PRIVATE, "windows")).toBe(`& {
  $Token = Read-Host -AsSecureString 'Re-enrollment ticket'
  [Net.NetworkCredential]::new('', $Token).Password |
  attacklens-sensor.exe enroll --token - \`
    --server https://sensors.example.com:8443 \`
    --ca-pin ${PIN}
}`);
});

test("without a private CA there is no pin", () => {
  for (const { value } of PLATFORMS) expect(enrollCommand(PUBLIC, value)).not.toContain("--ca-pin");
  expect(enrollCommand(PUBLIC, "linux")).toContain("--server https://attacklens.example.com\n)");
});

test("check uses the same options, and needs no ticket", () => {
  expect(checkCommand(PUBLIC, "linux")).toBe(
    "sudo attacklens-sensor check \\\n  --server https://attacklens.example.com",
  );
  expect(checkCommand(PRIVATE, "windows")).toBe(
    `attacklens-sensor.exe check \`\n  --server ${PRIVATE.server} \`\n  --ca-pin ${PIN}`,
  );
});

test("an address with brackets is quoted, because zsh treats brackets as a pattern", () => {
  const target = targetOf(none, "https://[fd00::5]:8443");
  expect(enrollCommand(target, "darwin")).toContain("--server 'https://[fd00::5]:8443'\n");
});

test.each(["bash", "zsh"])("%s parses each command", (shell) => {
  if (!Bun.which(shell)) return;
  for (const command of [enrollCommand(PRIVATE, "linux"), checkCommand(PRIVATE, "darwin")])
    expect(Bun.spawnSync([shell, "-n", "-c", command]).exitCode).toBe(0);
});
