// Security settings of macOS that only its tools have. Their texts are not translated; what is not in the
// known form is absent.
import { type SecuritySetting, setting } from "../security/setting.ts";
import { parseProfilerReport } from "./system-profiler.ts";

export function parseFileVault(text: string): SecuritySetting[] {
  const [, state] = /^FileVault is (On|Off)\b/m.exec(text) ?? [];
  const isMoving = /^(Encryption|Decryption) in progress/m.exec(text)?.[1];
  const value = isMoving === undefined ? state?.toLowerCase() : `${isMoving.toLowerCase()} in progress`;
  return value === undefined ? [] : [setting("encryption", "FileVault", value, "fdesetup")];
}

export function parseGatekeeper(text: string): SecuritySetting[] {
  const [, state] = /^assessments (enabled|disabled)\b/m.exec(text) ?? [];
  return state === undefined ? [] : [setting("access-control", "Gatekeeper", state, "spctl")];
}

/** A custom configuration has parts that are off: it is neither enabled nor disabled. */
export function parseSip(text: string): SecuritySetting[] {
  const [, state] = /^System Integrity Protection status: (enabled|disabled|unknown)\b/m.exec(text) ?? [];
  if (state === undefined) return [];
  const value = /\bCustom Configuration\b/.test(text) ? "custom" : state;
  return value === "unknown"
    ? []
    : [setting("access-control", "System Integrity Protection", value, "csrutil")];
}

const GLOBAL_STATES: Record<string, string> = {
  spfirewall_globalstate_allow_all: "disabled",
  spfirewall_globalstate_off: "disabled",
  spfirewall_globalstate_limit_connections: "enabled",
  spfirewall_globalstate_block_all: "block all",
};

/** Without the list of programs. Empty if the report does not have the state. */
export function parseFirewallReport(text: string): SecuritySetting[] {
  const source = "SPFirewallDataType";
  const [report] = parseProfilerReport(text, source);
  const state = GLOBAL_STATES[String(report?.spfirewall_globalstate)];
  if (report === undefined || state === undefined) return [];
  const options = {
    "stealth mode": report.spfirewall_stealthenabled,
    logging: report.spfirewall_loggingenabled,
  };
  return [
    setting("firewall", "application firewall", state, source),
    ...Object.entries(options).flatMap(([name, value]) =>
      value === "Yes" || value === "No"
        ? setting("firewall", name, value === "Yes" ? "enabled" : "disabled", source)
        : [],
    ),
  ];
}

/** `Firewall is enabled. (State = 1)` of socketfilterfw. */
export function parseFirewallState(text: string): SecuritySetting[] {
  const [, state] = /\(State = ([012])\)/.exec(text) ?? [];
  const value = { 0: "disabled", 1: "enabled", 2: "block all" }[state ?? ""];
  return value === undefined ? [] : [setting("firewall", "application firewall", value, "socketfilterfw")];
}

/** `MDM enrollment: Yes (User Approved)`. Of the server's URL, only the host. */
export function parseEnrollment(text: string): SecuritySetting[] {
  const fieldOf = (name: string) =>
    text
      .split("\n")
      .find((line) => line.startsWith(`${name}:`))
      ?.slice(name.length + 1)
      .trim();
  const facts = ["Enrolled via DEP", "MDM enrollment"].flatMap((name) => {
    const value = fieldOf(name);
    return value !== undefined && /^(?:Yes|No)\b[ ()A-Za-z]{0,40}$/.test(value)
      ? setting("management", name, value, "profiles")
      : [];
  });
  const server = URL.parse(fieldOf("MDM server") ?? "")?.hostname;
  return server ? [...facts, setting("management", "MDM server", server, "profiles")] : facts;
}
