import { expect, test } from "bun:test";
import { type EnrollmentAttempt, REFUSAL_REASONS } from "@attacklens/protocol/enrollment-attempts.ts";
import type { EnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { adviceOf, fixOf } from "./refusal-fix.ts";

const attempt = { address: "10.2.3.4", hostname: "Web-01", sensor: null } as EnrollmentAttempt;
const token = {
  status: "active",
  allowedNetworks: ["10.1.0.0/16"],
  allowedHostnames: ["db-*"],
  can: { edit: { allowed: true } },
} as unknown as EnrollmentToken;
const readOnly = { ...token, can: { edit: { allowed: false } } } as EnrollmentToken;
const statusOf = {
  "token-used-up": "used-up",
  "token-expired": "expired",
  "token-paused": "paused",
} as const;

test("every reason has a change of the token or an advice, and without the right to edit an advice", () => {
  for (const reason of REFUSAL_REASONS) {
    const status = statusOf[reason as keyof typeof statusOf] ?? "active";
    const refused = { ...attempt, reason };
    const fix = fixOf(refused, { ...token, status });
    if (!fix) expect(adviceOf(refused, { ...token, status })).toMatch(/^(Create|Resume) /);
    expect(fixOf(refused, { ...readOnly, status })).toBeUndefined();
    expect(adviceOf(refused, { ...readOnly, status })).toMatch(/^[A-Z].*\.$/);
  }
  expect(fixOf({ ...attempt, reason: "hostname-not-allowed" }, token)).toEqual({
    label: "Allow Web-01…",
    proposal: { addHostname: "web-01" },
  });
});

test("after the change, the advice is to run the command again", () => {
  const again = "The token has changed since. Run the command on this host again.";
  const changed = {
    ...token,
    allowedNetworks: ["10.1.0.0/16", "10.2.3.4/32"],
    allowedHostnames: [],
  } as EnrollmentToken;
  for (const reason of [
    "network-not-allowed",
    "hostname-not-allowed",
    "token-used-up",
    "token-paused",
  ] as const) {
    expect(fixOf({ ...attempt, reason }, changed)).toBeUndefined();
    expect(adviceOf({ ...attempt, reason }, changed)).toBe(again);
  }
});
