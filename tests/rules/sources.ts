// What the rule tests look at: every file that is or will be committed, and what each source file imports.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";

export const ROOT = join(import.meta.dir, "../..");

export interface Import {
  /** The importing file, from the top folder. */
  from: string;
  /** What is imported: a file from the top folder, or a package's name. */
  to: string;
  isPackage: boolean;
}

/** Files from the top folder with forward slashes, ignored ones left out. */
export const FILES: readonly string[] = listFiles();

/** Our code, tests included. */
export const SOURCES = FILES.filter((file) => /\.(ts|tsx|mjs)$/.test(file));
export const TESTS = SOURCES.filter((file) => /\.test\.tsx?$/.test(file));
/** Our code without tests and what only tests use. */
export const CODE = SOURCES.filter((file) => !TESTS.includes(file) && !isTestOnly(file));

export function readSource(file: string): string {
  return readFileSync(join(ROOT, file), "utf8");
}

/** Type imports included: they tie two files together as much. */
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

/** Fails with the reason of the rule and every place that breaks it. */
export function expectNone(why: string, violations: readonly string[]): void {
  if (violations.length > 0) throw new Error(`${why}\n${violations.map((line) => `  - ${line}`).join("\n")}`);
}

/** Lines of a file that match, as `file: line`, comments left out. */
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

/** What only tests import: `testing/` of a program, the folders below `testdata/`, and what drives the programs. */
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
