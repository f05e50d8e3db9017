// Variables of the environment that configure the runtime or a library, and none of our settings: with some of them anybody's
// certificate is accepted, or requests are printed with their secrets. docs/decisions/0012-locked-runtime.md
const FOREIGN = /^(BUN|NODE|JSC|BETTER_AUTH)_|^AUTH_SECRET$/;
/** Set on many machines for other programs, and without effect on ours: no reason to say so at every command. */
const UNREMARKABLE = /^(NODE_VERSION|NODE_HOME|BUN_INSTALL\w*)$/;
/** The same, but whoever has set it may wonder why a certificate is not trusted. */
const TRUST = "NODE_EXTRA_CA_CERTS";

export interface IgnoredVariables {
  /** For standard error, at once; undefined: there is nothing to say. */
  notice: string | undefined;
  /** The same, where a certificate turned out not to be trusted. */
  trustNotice: string | undefined;
}

/** Removes them from the environment, so that neither the runtime nor a library nor a program started from here obeys them. */
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
