// Whether the kernel runs in FIPS mode, and which algorithms the system's libraries accept.
import type { HostFiles } from "../host-files.ts";
import { type SecuritySetting, setting } from "./setting.ts";

const FIPS = "/proc/sys/crypto/fips_enabled";
/** The effective policy, and the configured one. */
const POLICIES = ["/etc/crypto-policies/state/current", "/etc/crypto-policies/config"];

export function readCryptoPolicy(files: HostFiles): SecuritySetting[] {
  const fips = files.findLine(FIPS);
  const path = POLICIES.find((each) => files.findLine(each) !== undefined);
  const policy = path === undefined ? undefined : files.findLine(path);
  return [
    ...(fips === undefined
      ? []
      : [setting("encryption", "FIPS mode", fips === "1" ? "enabled" : "disabled", FIPS)]),
    ...(policy === undefined || policy.startsWith("#")
      ? []
      : [setting("encryption", "crypto policy", policy, path)]),
  ];
}
