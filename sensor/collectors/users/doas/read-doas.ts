// The policy of doas, if it is installed.
import { CannotRead, gapOf, TooSlow } from "../../collector.ts";
import type { HostFiles } from "../../host-files.ts";
import { readOsRelease } from "../../system/os-release.ts";
import type { Accounts } from "../sudo/accounts.ts";
import { compilePolicy } from "../sudo/compile-policy.ts";
import { readConfig } from "../sudo/read-config.ts";
import { NO_POLICY, type PolicyResult } from "../sudo/read-sudo.ts";
import { hasDoas } from "../sudo/sudo-program.ts";
import { parseDoas } from "./parse-doas.ts";

export function readDoas(files: HostFiles, accounts: Accounts): PolicyResult {
  const paths = hasDoas(files) ? findFiles(files) : [];
  if (paths.length === 0) return NO_POLICY;
  const texts: string[] = [];
  try {
    for (const path of paths) texts.push(readConfig(files, path, true) ?? "");
  } catch (error) {
    if (!(error instanceof CannotRead)) throw error;
    files.noteGap(gapOf(error, paths.join(", ")));
    return { policy: undefined, isComplete: false };
  }
  try {
    const policy = compilePolicy(parseDoas(texts.join(""), accounts), {
      accounts,
      matchHosts: () => true,
      now: Date.now(),
      foldCase: false,
      noteGap: files.noteGap,
    });
    return { policy, isComplete: true };
  } catch (error) {
    if (error instanceof TooSlow) throw error;
    const reason = `doas refuses to run: ${(error as Error).message}`;
    files.noteGap({ kind: "not-understood", subject: paths.join(", "), reason });
    return NO_POLICY;
  }
}

/** Only Alpine's doas reads a folder. */
function findFiles(files: HostFiles): string[] {
  const release = readOsRelease(files);
  const isAlpine = `${release.get("ID")} ${release.get("ID_LIKE")}`.split(" ").includes("alpine");
  const dropIns = isAlpine ? files.list("/etc/doas.d").filter((name) => name.endsWith(".conf")) : [];
  return ["/etc/doas.conf", ...dropIns.map((name) => `/etc/doas.d/${name}`)].filter(files.exists);
}
