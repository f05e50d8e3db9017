// A copy of Bun's runtime in which no environment variable changes what a program runs, whom it trusts or what it writes.
// docs/decisions/0014-locked-runtime.md explains why, and why names are renamed in the file.
import { readFileSync, writeFileSync } from "node:fs";
import { TaskError } from "./terminal.ts";

/** The runtime must contain each of them: if a new version of Bun reads another name, the build has to stop. */
const REQUIRED_NAMES = [
  "BUN_BE_BUN",
  "BUN_OPTIONS",
  "BUN_INSPECT",
  "BUN_INSPECT_CONNECT_TO",
  "BUN_INSPECT_PRELOAD",
  "BUN_CONFIG_VERBOSE_FETCH",
  "BUN_RUNTIME_TRANSPILER_CACHE_PATH",
  "NODE_EXTRA_CA_CERTS",
  "NODE_TLS_REJECT_UNAUTHORIZED",
];
/** The engine's option that replaces function bodies by the content of a file. */
const REQUIRED_OPTION = "functionOverrides";

/** A name begins where a C string begins, or where Rust's strings, which have no end mark, stand one behind the other. */
const VARIABLE = /(?<=\0)(?:BUN|NODE)_[A-Z][A-Z0-9_]*(?=\0)/g;
const VARIABLE_IN_A_ROW =
  /(?<![."' ])(?:BUN_BE_BUN|BUN_OPTIONS|BUN_INSPECT|BUN_CONFIG_|NODE_CHANNEL_|NODE_EXTRA_CA_CERTS|NODE_PATH|NODE_TLS_)/g;
/** Names of the engine's options (`BUN_JSC_…`); one word alone could be any other string of the program. */
const OPTION = /(?<=\0JSC_)[a-z]+[A-Z0-9][A-Za-z0-9]*(?=\0)/g;
const OPTION_ALONE = /(?<=\0)[a-z]+[A-Z0-9][A-Za-z0-9]*(?=\0)/g;

/** A variable's name never contains NUL: no environment can set what begins with it. */
const NUL = 0;
/** What is before the first `=` is the option's name: none begins with it. */
const EQUALS = "=".charCodeAt(0);

/** Writes the locked copy. Throws TaskError when the runtime is not one whose names are known. */
export function writeLockedRuntime(runtime: string, copy: string): void {
  const bytes = readFileSync(runtime);
  const text = bytes.toString("latin1");
  const found = new Set<string>();
  const rename = (pattern: RegExp, first: number, isMeant: (name: string) => boolean = () => true) => {
    for (const { 0: name, index } of text.matchAll(pattern)) {
      if (!isMeant(name)) continue;
      found.add(name);
      bytes[index] = first;
    }
  };
  // Libraries decide by it whether they are in production; the programs fix it at build time.
  rename(VARIABLE, NUL, (name) => name !== "NODE_ENV");
  rename(VARIABLE_IN_A_ROW, NUL);
  rename(OPTION, EQUALS);
  const options = new Set(found);
  rename(OPTION_ALONE, EQUALS, (name) => options.has(name));
  const missing = [...REQUIRED_NAMES, REQUIRED_OPTION].filter((name) => !found.has(name));
  if (missing.length > 0)
    throw new TaskError(
      `Cannot lock ${runtime}: it does not contain ${missing.join(", ")}, which must be renamed`,
    );
  writeFileSync(copy, bytes, { mode: 0o755 });
}
