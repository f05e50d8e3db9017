// The files that the rule tests check: all that are or will be committed, and the imports of each source
// file.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";

export const ROOT = join(import.meta.dir, "../..");

export interface Import {
  /** The importing file, from the top folder. */
  from: string;
  /** The imported file, from the top folder, or the name of a package. */
  to: string;
  isPackage: boolean;
}

/** Files from the top folder, with forward slashes. Ignored files are not included. */
export const FILES: readonly string[] = listFiles();

/** Our code, tests included. */
export const SOURCES = FILES.filter((file) => /\.(ts|tsx|mjs)$/.test(file));
export const TESTS = SOURCES.filter((file) => /\.test\.tsx?$/.test(file));
/** Our code without tests and without code that only tests use. */
export const CODE = SOURCES.filter((file) => !TESTS.includes(file) && !isTestOnly(file));

export function readSource(file: string): string {
  return readFileSync(join(ROOT, file), "utf8");
}

/** Includes type imports: they couple two files as well. */
export function importsOf(file: string): Import[] {
  const source = readSource(file);
  const specifiers = [
    ...source.matchAll(/^\s*(?:import|export)\b[^"'`;]*?\bfrom\s*["']([^"']+)["']/gm),
    ...source.matchAll(/^\s*import\s*["']([^"']+)["']/gm),
    ...source.matchAll(/\bimport\(\s*["']([^"']+)["']/g),
  ];
  return specifiers.map((match) => resolveImport(file, match[1] as string));
}

export function importsAmong(files: readonly string[]): Import[] {
  return files.flatMap(importsOf);
}

/** Throws with the reason of the rule and each violation. */
export function expectNone(why: string, violations: readonly string[]): void {
  if (violations.length > 0) throw new Error(`${why}\n${violations.map((line) => `  - ${line}`).join("\n")}`);
}

/** Lines of a file that match, as `file: line`, without comments. */
export function linesMatching(file: string, pattern: RegExp): string[] {
  return readSource(file)
    .split("\n")
    .filter((line) => pattern.test(line) && !/^\s*(\/\/|\*|\/\*)/.test(line))
    .map((line) => `${file}: ${line.trim()}`);
}

function resolveImport(from: string, specifier: string): Import {
  const protocol = /^@attacklens\/(\w+)\/(.+)$/.exec(specifier);
  if (protocol) return { from, to: `${protocol[1]}/${protocol[2]}`, isPackage: false };
  if (!specifier.startsWith(".")) {
    const name = specifier.startsWith("@") ? specifier.split("/", 2).join("/") : specifier.split("/", 1)[0];
    return { from, to: name as string, isPackage: true };
  }
  return { from, to: posix.join(posix.dirname(from), specifier), isPackage: false };
}

/**
 * Code that only tests import: `testing/` of a program, folders below `testdata/`, and code that drives
 * programs.
 */
function isTestOnly(file: string): boolean {
  return /^(tests|harness|bench)\/|\/(testing|testdata)\//.test(file);
}

function listFiles(): string[] {
  const git = spawnSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: ROOT,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  if (git.status !== 0) throw new Error(`Cannot list our files: ${git.error?.message ?? git.stderr}`);
  return git.stdout.split("\0").filter((file) => file !== "" && existsSync(join(ROOT, file)));
}
