// The first program of a shell command. Arguments, variables and input may contain secrets, so that only the
// word in the place of a program is taken, and only if it looks like one.

/** Before another command: it follows in the same place. */
const PREFIXES = new Set([
  "!",
  "{",
  "if",
  "then",
  "elif",
  "else",
  "do",
  "while",
  "until",
  "time",
  "exec",
  "nohup",
]);
/** Not programs, or programs that only prepare the one that does the work. */
const PREPARATIONS = new Set([
  ...["[", "[[", "test", ":", "true", "false", "cd", "echo", "printf", "export", "set", "unset", "umask"],
  ...["ulimit", "sleep", "source", ".", "command", "type", "exit", "wait", "trap", "read", "fi", "done", "}"],
]);
/** Words follow that are not in the place of a program. */
const NOT_FOLLOWED = new Set(["for", "case", "select", "function", "eval"]);
/** A minus at the start is that of an option, in a line whose program is missing. */
const PROGRAM = /^(?!-)(?:~[a-z]{0,32}|\$HOME|\$\{HOME\})?[A-Za-z0-9_./+@-]+$/;
const QUOTED_PATH = /^\/[A-Za-z0-9_./+@ -]+$/;
const ASSIGNMENT = /^[A-Za-z_]\w*\+?=/;
const MAX_COMMAND = 100_000;

/** Undefined if there is none, or it is not known. */
export function firstProgram(command: string): string | undefined {
  let isInPlace = true;
  for (const { text, isOperator, isQuoted } of tokensOf(command.slice(0, MAX_COMMAND))) {
    if (isOperator) {
      if (text === "<<") return undefined;
      isInPlace = true;
    } else if (isInPlace && !ASSIGNMENT.test(text)) {
      if (PREFIXES.has(text)) continue;
      if (NOT_FOLLOWED.has(text)) return undefined;
      isInPlace = false;
      if (!PREPARATIONS.has(text)) return (isQuoted ? QUOTED_PATH : PROGRAM).test(text) ? text : undefined;
    }
  }
  return undefined;
}

interface Token {
  text: string;
  isOperator: boolean;
  isQuoted: boolean;
}

/** Words and control operators. A redirection and its target are dropped. */
function* tokensOf(command: string): Generator<Token> {
  let at = 0;
  let isTarget = false;
  while (at < command.length) {
    const char = command[at]!;
    if (char === " " || char === "\t") at += 1;
    else if (char === "#") return;
    else if (";&|()\n".includes(char)) {
      at += 1;
      yield { text: char, isOperator: true, isQuoted: false };
    } else if (char === "<" || char === ">") {
      if (command.startsWith("<<", at)) yield { text: "<<", isOperator: true, isQuoted: false };
      // `>>`, `>&` and `>|` are one redirection.
      while (at < command.length && "<>&|".includes(command[at]!)) at += 1;
      isTarget = true;
    } else {
      const word = readWord(command, at);
      at = word.end;
      // `2>file`: the number belongs to the redirection.
      const isNumber = /^\d+$/.test(word.text) && (command[at] === ">" || command[at] === "<");
      if (!isTarget && !isNumber) yield { text: word.text, isOperator: false, isQuoted: word.isQuoted };
      isTarget = false;
    }
  }
}

/** A word up to the next separator outside of quotes and substitutions, without its quotes. */
function readWord(command: string, start: number): { text: string; end: number; isQuoted: boolean } {
  let text = "";
  let at = start;
  let isQuoted = false;
  while (at < command.length && !" \t\n;&|()<>".includes(command[at]!)) {
    const char = command[at]!;
    if (char === "\\") {
      text += command[at + 1] ?? "";
      isQuoted = true;
      at += 2;
    } else if (char === "'" || char === '"' || char === "`") {
      const end = endOfQuote(command, at);
      text += command.slice(at + 1, end);
      isQuoted = true;
      at = end + 1;
    } else if (command.startsWith("$(", at)) {
      const end = endOfSubstitution(command, at + 1);
      // The output of another program: the word fits no pattern.
      text += "$(";
      at = end;
    } else {
      text += char;
      at += 1;
    }
  }
  return { text, end: at, isQuoted };
}

/** The position of the closing quote. Without one, the end of the command. */
function endOfQuote(command: string, start: number): number {
  const quote = command[start];
  for (let at = start + 1; at < command.length; at += 1) {
    if (command[at] === "\\" && quote !== "'") at += 1;
    else if (command[at] === quote) return at;
  }
  return command.length;
}

/** The position after the closing parenthesis of `$(`, whose content may have others and quotes. */
function endOfSubstitution(command: string, start: number): number {
  let depth = 0;
  for (let at = start; at < command.length; at += 1) {
    const char = command[at]!;
    if (char === "'" || char === '"') at = endOfQuote(command, at);
    else if (char === "(") depth += 1;
    else if (char === ")") {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return command.length;
}
