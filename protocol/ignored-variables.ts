// Environment variables that configure the runtime or a library. Some of them disable certificate checks or
// print requests with their secrets. See docs/decisions/0012-locked-runtime.md.
const FOREIGN = /^(BUN|NODE|JSC|BETTER_AUTH)_|^AUTH_SECRET$/;
/** Only for a sensor that mostly waits: how often the runtime collects garbage meanwhile, in milliseconds. */
export const GARBAGE_INTERVAL = "BUN_GC_TIMER_INTERVAL";
/**
 * Set on many machines for other programs. Not reported, because they have no effect on ours, or none that
 * matters.
 */
const UNREMARKABLE = /^(NODE_VERSION|NODE_HOME|BUN_INSTALL\w*|BUN_GC_TIMER_INTERVAL)$/;
/** The same, but reported when a certificate is not trusted: the user may expect the variable to apply. */
const TRUST = "NODE_EXTRA_CA_CERTS";

export interface IgnoredVariables {
  /** Message for standard error, printed at once; undefined: none. */
  notice: string | undefined;
  /** Message for standard error, printed when a certificate is not trusted; undefined: none. */
  trustNotice: string | undefined;
}

/** Removes the variables from the environment, so that no runtime, library or child process reads them. */
export function dropForeignVariables(env: Record<string, string | undefined>): IgnoredVariables {
  const names = Object.keys(env).filter((name) => FOREIGN.test(name) && name !== "NODE_ENV");
  for (const name of names) delete env[name];
  const told = names.filter((name) => !UNREMARKABLE.test(name) && name !== TRUST).sort();
  const notice =
    told.length === 0
      ? undefined
      : `ignored ${told.join(", ")}: the environment cannot weaken this program; unset ${told.length === 1 ? "it" : "them"}`;
  const trustNotice = names.includes(TRUST)
    ? `ignored ${TRUST}: the certificates that it names are not trusted; add them to the system's trust store`
    : undefined;
  return { notice, trustNotice };
}
