// The policy of the sudo that is installed on the host.
import type { HostFiles } from "../../host-files.ts";
import { readOsRelease } from "../../system/os-release.ts";
import type { Accounts } from "./accounts.ts";
import { type CompiledPolicy, compilePolicy } from "./compile-policy.ts";
import { createHostMatcher, readThisHost } from "./hosts.ts";
import { parseSudoers } from "./parse-sudoers.ts";
import { findSudoProgram, findSudoSources } from "./sudo-program.ts";
import { featuresOf } from "./sudo-version.ts";
import { openSudoersFiles } from "./sudoers-files.ts";
import type { SudoersPolicy } from "./syntax.ts";

export interface PolicyResult {
  /** Undefined: no account has rights by it. */
  policy: CompiledPolicy | undefined;
  /** False: the sensor cannot read all rules, and there is a gap. */
  isComplete: boolean;
}

export const NO_POLICY: PolicyResult = { policy: undefined, isComplete: true };

export function readSudo(files: HostFiles, accounts: Accounts): PolicyResult {
  const program = findSudoProgram(files);
  if (program === undefined) return NO_POLICY;
  const sources = findSudoSources(files, program);
  if (sources.path === undefined || !files.exists(sources.path)) return NO_POLICY;
  const distribution = readOsRelease(files).get("ID");
  const features = featuresOf(program.version, distribution);
  const name = readThisHost(files, false).shortName;
  const sudoers = openSudoersFiles(files, sources.path, name);
  const policy = parseSudoers(sudoers, features, files.noteGap);
  if (isRefused(policy, features.recovers && sources.recovers)) {
    files.noteGap({ kind: "damaged", subject: sources.path, reason: "sudo refuses to run with these files" });
    return { policy: undefined, isComplete: !sudoers.isIncomplete };
  }
  const host = readThisHost(files, asksForFullName(policy, distribution));
  const compiled = compilePolicy(policy, {
    accounts,
    matchHosts: createHostMatcher(host, policy.aliases.Host, files.noteGap),
    now: Date.now(),
    foldCase: true,
    noteGap: files.noteGap,
  });
  return { policy: compiled, isComplete: !sudoers.isIncomplete };
}

function isRefused(policy: SudoersPolicy, recovers: boolean): boolean {
  return policy.isCutShort || (!recovers && policy.rejectedLines > 0);
}

/** Debian and its descendants build sudo so that it looks for the full name. */
function asksForFullName(policy: SudoersPolicy, distribution: string | undefined): boolean {
  const last = policy.defaults.findLast(({ name, scope }) => name === "fqdn" && scope === "")?.value;
  return typeof last === "boolean" ? last : ["debian", "ubuntu"].includes(distribution ?? "");
}
