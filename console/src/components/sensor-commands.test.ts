import { expect, test } from "bun:test";
import { checkCommand, enrollCommand, PLATFORMS, type Target, targetOf } from "./sensor-commands.ts";

const PIN = `sha256:${"9f86d081".repeat(8)}`;
const CONSOLE = "https://console.example.com";
const PRIVATE: Target = { server: "https://sensors.example.com:8443", caPin: PIN, reach: "network" };
const PUBLIC: Target = { server: "https://attacklens.example.com", caPin: null, reach: "network" };
const none = { sensorUrl: null, caPin: null, certificateExpiresAt: null };

test("a sensor is given the server's address for sensors, else the address of the console", () => {
  expect(targetOf({ ...none, sensorUrl: PRIVATE.server, caPin: PIN }, CONSOLE)).toEqual(PRIVATE);
  expect(targetOf(none, CONSOLE)).toEqual({ server: CONSOLE, caPin: null, reach: "network" });
  expect(targetOf({ ...none, caPin: PIN }, "https://10.0.0.5:8443").caPin).toBe(PIN);
});

test.each([
  ["http://10.0.0.5:8080", "refused"],
  ["http://attacklens.example.com", "refused"],
  ["http://attacklens.localhost:8080", "refused"],
  ["http://127.0.0.1:8080", "near"],
  ["http://localhost:8080", "near"],
  ["https://[::1]:8443", "near"],
  ["https://10.0.0.5:8443", "network"],
] as const)("who gets to %s: %s", (origin, reach) => {
  expect(targetOf(none, origin).reach).toBe(reach);
  expect(targetOf({ ...none, sensorUrl: origin }, CONSOLE).reach).toBe(reach);
});

test("plain HTTP gets no pin, which the sensor would refuse", () => {
  expect(targetOf({ ...none, caPin: PIN }, "http://127.0.0.1:8080").caPin).toBeNull();
});

test("enroll on Linux and macOS asks for the token and pins the private CA", () => {
  const expected = `(
  printf 'Enrollment Token: '; read -rs TOKEN; echo
  printf %s "$TOKEN" |
  sudo attacklens-sensor enroll --token - \\
    --server https://sensors.example.com:8443 \\
    --ca-pin ${PIN}
)`;
  expect(enrollCommand(PRIVATE, "linux", "Enrollment Token")).toBe(expected);
  expect(enrollCommand(PRIVATE, "darwin", "Enrollment Token")).toBe(expected);
});

test("enroll on Windows does the same in PowerShell", () => {
  expect(enrollCommand(PRIVATE, "windows", "Enrollment Token")).toBe(`& {
  $Token = Read-Host -AsSecureString 'Enrollment Token'
  [Net.NetworkCredential]::new('', $Token).Password |
  attacklens-sensor.exe enroll --token - \`
    --server https://sensors.example.com:8443 \`
    --ca-pin ${PIN}
}`);
});

test("without a private CA there is no pin", () => {
  for (const { value } of PLATFORMS) expect(enrollCommand(PUBLIC, value, "Ticket")).not.toContain("--ca-pin");
  expect(enrollCommand(PUBLIC, "linux", "Ticket")).toContain("--server https://attacklens.example.com\n)");
});

test("check goes the same way; where there is no token to look at it is one command", () => {
  for (const { value } of PLATFORMS)
    expect(checkCommand(PRIVATE, value, "Enrollment Token")).toBe(
      enrollCommand(PRIVATE, value, "Enrollment Token").replace(" enroll ", " check "),
    );
  expect(checkCommand(PUBLIC, "linux", undefined)).toBe(
    "sudo attacklens-sensor check \\\n  --server https://attacklens.example.com",
  );
  expect(checkCommand(PRIVATE, "windows", undefined)).toBe(
    `attacklens-sensor.exe check \`\n  --server ${PRIVATE.server} \`\n  --ca-pin ${PIN}`,
  );
});

test("an address with brackets is quoted: zsh would take it for a pattern", () => {
  const target = targetOf(none, "https://[fd00::5]:8443");
  expect(enrollCommand(target, "darwin", "Ticket")).toContain("--server 'https://[fd00::5]:8443'\n");
});

test.each(["bash", "zsh"])("%s takes the command for one command", (shell) => {
  if (!Bun.which(shell)) return;
  for (const command of [
    enrollCommand(PRIVATE, "linux", "Ticket"),
    checkCommand(PRIVATE, "darwin", undefined),
  ])
    expect(Bun.spawnSync([shell, "-n", "-c", command]).exitCode).toBe(0);
});
