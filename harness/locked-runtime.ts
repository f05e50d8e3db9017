// Writes a copy of Bun's runtime that ignores the environment variables that change which code a program
// runs, which servers it trusts or which files it writes. docs/decisions/0012-locked-runtime.md explains why,
// and why this code edits the binary.
import { readFileSync, writeFileSync } from "node:fs";
import { TaskError } from "./terminal.ts";

/** The runtime must contain each of them: if a new version of Bun renames one, the build must fail. */
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

/** Libraries read the first to detect production. A sensor at rest sets the second. */
const HARMLESS = new Set(["NODE_ENV", "BUN_GC_TIMER_INTERVAL"]);

/** A name begins where a C string begins, or directly after another Rust string: those have no terminator. */
const VARIABLE = /(?<=\0)(?:BUN|NODE|JSC)_[A-Z][A-Z0-9_]*(?=\0)/g;
const VARIABLE_IN_A_ROW =
  /(?<![."' ])(?:BUN_BE_BUN|BUN_OPTIONS|BUN_INSPECT|BUN_CONFIG_|NODE_CHANNEL_|NODE_EXTRA_CA_CERTS|NODE_PATH|NODE_TLS_)/g;

/** Matches reads, not writes, in the runtime's JavaScript. They may happen before our first line runs. */
const READ_IN_JAVASCRIPT =
  /process\.env\.NODE_(?:DEBUG|EXTRA_CA_CERTS|OPTIONS|REPL_EXTERNAL_MODULE|TLS_REJECT_UNAUTHORIZED|USE_ENV_PROXY|USE_SYSTEM_CA|V8_COVERAGE)(?![A-Z_]|\s*=[^=])/g;

/** Writes the locked copy. Throws TaskError for an unknown runtime. */
export function writeLockedRuntime(runtime: string, copy: string): void {
  const bytes = readFileSync(runtime);
  const text = bytes.toString("latin1");
  const found = new Set<string>();
  for (const { 0: name, index } of [...text.matchAll(VARIABLE), ...text.matchAll(VARIABLE_IN_A_ROW)]) {
    if (HARMLESS.has(name)) continue;
    found.add(name);
    // The name of a variable never contains NUL, so no environment can set this one.
    bytes[index] = 0;
  }
  for (const { 0: code, index } of text.matchAll(READ_IN_JAVASCRIPT))
    bytes.write("void 0".padEnd(code.length), index, "latin1");
  const missing = REQUIRED_NAMES.filter((name) => !found.has(name));
  if (missing.length > 0)
    throw new TaskError(`Cannot lock ${runtime}: it does not contain ${missing.join(", ")}`);
  const comparisons = [...closeEngineOptionsX64(bytes, text), ...closeEngineOptionsArm64(bytes, text)];
  if (comparisons.length !== 1)
    throw new TaskError(
      `Cannot lock ${runtime}: it compares variables with BUN_JSC_ in ${comparisons.length} places, not in one`,
    );
  writeFileSync(copy, bytes, { mode: 0o755 });
}

/*
 * Variables that begin with BUN_JSC_ set options of the JavaScript engine; BUN_JSC_functionOverrides replaces
 * functions with the content of a file. The runtime does not contain the prefix as a string: eight
 * instructions compare its eight characters one by one. The functions below change the comparison with J so
 * that it always fails. They return the offsets of the changes.
 */

/**
 * `cmp byte [reg + n], c` is 80 /7 with a displacement of one byte (the first has none). The change compares
 * J with the position of the underscore.
 */
function closeEngineOptionsX64(bytes: Buffer, text: string): number[] {
  const comparisons = [..."BUN_JSC_"].map((char, at) =>
    at === 0 ? `\\x80[\\x38-\\x3f]${char}` : `\\x80[\\x78-\\x7f]${hex(at)}${char}`,
  );
  const pattern = new RegExp(comparisons.join(".{1,7}?"), "gs");
  return [...text.matchAll(pattern)].map(({ 0: code, index }) => {
    const at = index + code.indexOf("\x04J");
    bytes[at] = 3;
    return at;
  });
}

/** `cmp wN, #c` encodes c in bits 10 to 21. The change compares with 0x14a, which no byte equals. */
function closeEngineOptionsArm64(bytes: Buffer, text: string): number[] {
  const compare = (char: string) => {
    const word = 0x7100001f | (char.charCodeAt(0) << 10);
    const [first, second, ...rest] = [0, 8, 16, 24].map((shift) => (word >>> shift) & 0xff) as [
      number,
      number,
    ];
    // Bits 5 to 9 name the register: the upper three of the first byte, the lower two of the second.
    const firsts = Array.from({ length: 8 }, (_, n) => hex(first | (n << 5))).join("");
    const seconds = Array.from({ length: 4 }, (_, n) => hex(second | n)).join("");
    return `[${firsts}][${seconds}]${rest.map(hex).join("")}`;
  };
  const pattern = new RegExp([..."BUN_JSC_"].map(compare).join("(?:.{4}){0,6}?"), "gs");
  const letter = new RegExp(compare("J"), "s");
  return [...text.matchAll(pattern)].map(({ 0: code, index }) => {
    const at = index + code.search(letter);
    bytes.writeUInt32LE((bytes.readUInt32LE(at) | (0x100 << 10)) >>> 0, at);
    return at;
  });
}

function hex(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, "0")}`;
}
