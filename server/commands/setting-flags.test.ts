import { expect, test } from "bun:test";
import { parseArgs } from "node:util";
import { DEFAULT_TOKEN_SETTINGS, TOKEN_SETTINGS } from "@attacklens/protocol/token-settings.ts";
import { readSettings, SETTING_FLAGS, SETTINGS_HELP } from "./setting-flags.ts";

const read = (...args: string[]) => readSettings(parseArgs({ args, options: SETTING_FLAGS }).values);

test("each setting has a flag, and a setting without its flag gets the server's default", () => {
  expect(read()).toEqual({});
  const args = [
    ...["--max-enrollments", "3", "--network", "10.1.0.0/16", "--network", "::1", "--hostname", "web-*"],
    ...["--tag", "pci", "--require-approval", "--cloned-hosts", "reject", "--reimaged-hosts", "merge"],
    ...["--re-enroll-lost", "always", "--ephemeral-hours", "24"],
  ];
  const settings = read(...args);
  expect(Object.keys(settings)).toEqual(Object.keys(DEFAULT_TOKEN_SETTINGS));
  expect(settings).toEqual({
    maxEnrollments: 3,
    allowedNetworks: ["10.1.0.0/16", "::1"],
    allowedHostnames: ["web-*"],
    tags: ["pci"],
    requireApproval: true,
    clonedHosts: "reject",
    reimagedHosts: "merge",
    reEnrollLost: "always",
    ephemeralHours: 24,
  });
});

test("a flag with an invalid value is a usage error that states the valid ones", () => {
  expect(() => read("--cloned-hosts", "refuse")).toThrow(
    "--cloned-hosts must be one of allow, approval, reject",
  );
  expect(() => read("--ephemeral-hours", "1.5")).toThrow("--ephemeral-hours must be a whole number");
});

test("the help lists every flag, and its lines fit a terminal", () => {
  for (const { flag } of Object.values(TOKEN_SETTINGS)) expect(SETTINGS_HELP).toContain(`  --${flag}`);
  expect(SETTINGS_HELP.split("\n").filter((line) => line.length > 100)).toEqual([]);
});
