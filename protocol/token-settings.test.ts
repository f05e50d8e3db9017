import { expect, test } from "bun:test";
import { createEnrollmentToken, updateEnrollmentToken } from "./enrollment-tokens.ts";
import {
  DEFAULT_TOKEN_SETTINGS,
  describeTokenSetting,
  TOKEN_SETTINGS,
  type TokenSetting,
} from "./token-settings.ts";

const settings = Object.entries(TOKEN_SETTINGS) as [string, TokenSetting][];

test("a token created without settings has the cautious defaults", () => {
  const scope = { type: "all-assets" } as const;
  expect(createEnrollmentToken.body.parse({ name: "Servers", scope, expiresAt: null })).toEqual({
    ...{ name: "Servers", scope, expiresAt: null, description: "" },
    ...DEFAULT_TOKEN_SETTINGS,
  });
  expect(DEFAULT_TOKEN_SETTINGS).toMatchObject({
    ...{ maxEnrollments: null, allowedNetworks: [], requireApproval: false },
    ...{ clonedHosts: "approval", reimagedHosts: "ask", reEnrollLost: "new-pin", ephemeralHours: null },
  });
});

test("an update contains only the given settings", () => {
  expect(updateEnrollmentToken.body.parse({ tags: ["pci"] })).toEqual({ tags: ["pci"] });
  expect(updateEnrollmentToken.body.safeParse({}).success).toBe(false);
});

test("the options of a setting match its labels", () => {
  for (const [name, setting] of settings) {
    if (setting.kind !== "choice") continue;
    const { options } = setting.schema.unwrap() as unknown as { options: string[] };
    expect([name, Object.keys(setting.choices)]).toEqual([name, options]);
  }
});

test("describes a value, and returns undefined for an absent one", () => {
  expect(describeTokenSetting("ephemeralHours", 1)).toBe("Removed after 1 hour offline");
  expect(describeTokenSetting("ephemeralHours", 8760)).toBe("Removed after 8,760 hours offline");
  expect(describeTokenSetting("tags", ["pci", "web"])).toBe("pci, web");
  expect(describeTokenSetting("requireApproval", true)).toBe("Yes");
  expect(describeTokenSetting("clonedHosts", "approval")).toBe("Require approval");
  for (const name of ["maxEnrollments", "ephemeralHours"] as const)
    expect(describeTokenSetting(name, null)).toBeUndefined();
  expect(describeTokenSetting("requireApproval", false)).toBeUndefined();
  expect(describeTokenSetting("allowedNetworks", [])).toBeUndefined();
});
