// The lexer of sudoers(5), like sudo's. Which tokens are possible depends on what came before: within the
// arguments of a command, `alice` is an argument.
import type { LexerState } from "./lexer-state.ts";
import { scanArgument, scanDefaults, scanInclude, scanPattern, scanString } from "./scan-values.ts";
import { scanWords } from "./scan-words.ts";
import type { SudoFeatures } from "./sudo-version.ts";
import type { SudoersFiles } from "./sudoers-files.ts";
import type { Token } from "./tokens.ts";

/** Returns a function that returns the next token of the files, and `end` after the last one. */
export function createLexer(files: SudoersFiles, features: SudoFeatures): () => Token {
  const lexer: LexerState = {
    files,
    features,
    state: "line",
    stateAfter: "line",
    isContinued: false,
    sawBlank: false,
    digestType: "",
    command: { path: "", args: undefined },
    string: undefined,
  };
  return () => next(lexer);
}

function next(lexer: LexerState): Token {
  for (;;) {
    while (lexer.files.at >= lexer.files.text.length) {
      if (!lexer.files.leave()) return { kind: "end" };
    }
    const token = scan(lexer, lexer.files.text, lexer.files.at);
    if (token) return token;
  }
}

/** Undefined where the text has no token, e.g. for blanks. */
function scan(lexer: LexerState, text: string, at: number): Token | undefined {
  switch (lexer.state) {
    case "defaults-option":
    case "defaults-value":
      return scanDefaults(lexer, text, at);
    case "command":
      return scanArgument(lexer, text, at);
    case "pattern":
      return scanPattern(lexer, text, at);
    case "string":
      return scanString(lexer, text, at);
    case "include":
      return scanInclude(lexer, text, at);
    default:
      return scanWords(lexer, text, at);
  }
}
