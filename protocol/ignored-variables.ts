// Variables of the environment that configure the runtime or a library, and none of our settings: with some of them anybody's
// certificate is accepted, or requests are printed with their secrets. docs/decisions/0014-locked-runtime.md
const FOREIGN = /^(BUN|NODE|JSC|BETTER_AUTH)_|^AUTH_SECRET$/;
/** Set on many machines for other programs, and without effect on ours: no reason to say so at every command. */
const UNREMARKABLE = /^(NODE_VERSION|NODE_HOME|BUN_INSTALL\w*)$/;

/**
 * Removes them from the environment, so that neither the runtime nor a library nor a program started from here obeys them.
 * Returns the names that the user should be told about.
 */
export function dropForeignVariables(env: Record<string, string | undefined>): string[] {
  const names = Object.keys(env).filter((name) => FOREIGN.test(name) && name !== "NODE_ENV");
  for (const name of names) delete env[name];
  return names.filter((name) => !UNREMARKABLE.test(name)).sort();
}

/** For standard error; undefined when there is nothing to say. */
export function describeIgnored(names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined;
  return `ignored ${names.join(", ")}: the environment cannot weaken this program; unset ${names.length === 1 ? "it" : "them"}`;
}
