// The table of the deploy guides has the messages and the hints of the scripts.
import { expect, test } from "bun:test";
import { INSTALL_PROBLEMS } from "@attacklens/protocol/releases/install-problems.ts";
import powerShell from "./install.ps1" with { type: "text" };
import shell from "./install.sh" with { type: "text" };

/** The words of the table for the values in the texts of the scripts. */
const VALUES: [value: RegExp, word: string][] = [
  [/\$\(date [^)]*\)/g, "TIME"],
  [/\$\(\([^)]*\)\)|\$\(\[long\]\(.*?\)\)/g, "NUMBER"],
  [/\$\(\$_\.Exception\.Message\)/g, "MESSAGE"],
  [/\$\(\$Drive\.Name\):/g, "DRIVE"],
  [/\$\{server_pins[^}]*\}/g, "PINS"],
  [/\$\{proxy:\+[^}]*\}/g, ""],
  [/\$\{statuses[^}]*\}|\$LASTEXITCODE|\$code\b/g, "STATUS"],
  [/\$\{found[^}]*\}|\$(sha256|found)\b/gi, "HASH"],
  [/\$release_?version\b/gi, "VERSION"],
  [/\$parent\b/g, "FOLDER"],
  [/\$(name)\b/gi, "FILE"],
  [/\$(server|target|url|option)\b/gi, "\0"],
];

function wordsFor(text: string): string {
  return VALUES.reduce(
    (result, [value, word]) =>
      result.replace(value, (found) => (word === "\0" ? found.slice(1).toUpperCase() : word)),
    text,
  ).replace(/^Cannot install: /, "");
}

function callsOf(text: string, pattern: RegExp) {
  return [...text.matchAll(pattern)].map(([, message, fix]) => ({
    message: wordsFor(message!.slice(1, -1)),
    fix: wordsFor(fix!.slice(1, -1)),
  }));
}

const distinct = (rows: { message: string; fix: string }[]) =>
  [...new Set(rows.map(({ message, fix }) => `${message} → ${fix}`))].toSorted();

test("the table has each sentence of install.sh with its hint", () => {
  // A quoted argument inside a string would end the string for the pattern below.
  const joined = shell.replaceAll("\\\n", " ").replaceAll(/\$\(head [^)]*\)/g, "MESSAGE");
  const calls = callsOf(joined, /\bfail\s+("[^"\n]*")\s+("[^"\n]*")/g);
  // Each call of the function but its definition.
  expect(calls.length).toBe([...joined.matchAll(/\bfail\s+"/g)].length);
  expect(distinct([...INSTALL_PROBLEMS.shell])).toEqual(distinct(calls));
});

test("the table has each sentence of install.ps1 with its hint", () => {
  const quoted = `('[^'\\n]*'|"[^"\\n]*")`;
  const calls = callsOf(powerShell, new RegExp(`Stop-Install\\s+${quoted}\\s+${quoted}`, "g"));
  expect(calls.length).toBe([...powerShell.matchAll(/Stop-Install\s+['"]/g)].length);
  expect(distinct([...INSTALL_PROBLEMS.powershell])).toEqual(distinct(calls));
});

test("each row says why", () => {
  for (const { message, cause, fix } of [...INSTALL_PROBLEMS.shell, ...INSTALL_PROBLEMS.powershell]) {
    expect(cause).toMatch(/^[A-Z].*\.$/);
    expect(fix).toMatch(/[^ ]\.$/);
    expect(message).not.toContain("$");
  }
});
