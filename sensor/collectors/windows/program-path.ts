// The path of the program in a command line of Windows. Its arguments may contain secrets, so nothing of them
// is in the result, even where the command line does not show where they start.
import { expandVariables } from "./registry.ts";

const PROGRAM = /\.(?:exe|com|bat|cmd|sys|dll|scr|msc|ps1|vbs|js)$/i;
/** A blank and an option, an assignment, or another path. */
const ARGUMENT = /\s(?:[-/]|\S{0,200}[=@"]|[A-Za-z]:[\\/]|\\\\)/;
const MAX_COMMAND = 4_096;
const MAX_WORDS = 64;

/**
 * `"C:\Program Files\X\x.exe" -p secret` → `C:\Program Files\X\x.exe`. Without quotes, Windows tries the text
 * before each blank; so does this function, up to the first word that looks like an argument. `exists`
 * decides where a path is ambiguous.
 */
export function parseProgramPath(
  command: string,
  variables: ReadonlyMap<string, string>,
  exists: (path: string) => boolean = () => false,
): string | undefined {
  const text = command.slice(0, MAX_COMMAND).trim();
  const program = text.startsWith('"')
    ? quotedProgram(text.slice(1).split('"', 1)[0]!, variables, exists)
    : unquotedProgram(text, variables, exists);
  const path = program && normalizePath(program.trim(), variables);
  return path || undefined;
}

/** By mistake, quotes may be around the whole command line. */
function quotedProgram(
  text: string,
  variables: ReadonlyMap<string, string>,
  exists: (path: string) => boolean,
): string {
  // A blank in the name of a folder is usual, and one in the name of a program without a suffix is not.
  const isPath =
    PROGRAM.test(text) || /\\[^\\\s]+$|^\S+$/.test(text) || exists(normalizePath(text, variables));
  return isPath && !ARGUMENT.test(text) ? text : unquotedProgram(text, variables, exists);
}

function unquotedProgram(
  text: string,
  variables: ReadonlyMap<string, string>,
  exists: (path: string) => boolean,
): string {
  const words = text.split(/[ \t]+/).slice(0, MAX_WORDS);
  let tried = "";
  for (const [index, word] of words.entries()) {
    // A name without a folder has no blanks: what follows it are its arguments.
    if (index > 0 && (!/[\\/:%]/.test(words[0]!) || ARGUMENT.test(` ${word}`) || word.includes("://"))) break;
    tried = index === 0 ? word : `${tried} ${word}`;
    const path = normalizePath(tried, variables);
    if (PROGRAM.test(tried) || exists(path)) return tried;
    if (exists(`${path}.exe`)) return `${tried}.exe`;
  }
  // No part of it ends as a program does. The first word is the one that Windows tries first.
  return words[0] ?? "";
}

/** `\??\C:\x`, `\SystemRoot\System32\x` and `System32\x` are full paths, too. */
export function normalizePath(path: string, variables: ReadonlyMap<string, string>): string {
  const root = variables.get("systemroot") ?? "C:\\Windows";
  const plain = expandVariables(path, variables)
    .replaceAll("/", "\\")
    .replace(/^\\\?\?\\|^\\\\\?\\/, "");
  if (/^\\?systemroot\\/i.test(plain)) return `${root}\\${plain.replace(/^\\?systemroot\\/i, "")}`;
  return /^system32\\/i.test(plain) ? `${root}\\${plain}` : plain;
}
