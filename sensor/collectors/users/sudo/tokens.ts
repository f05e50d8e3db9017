// The tokens of sudoers(5).

export interface TextToken {
  /** `setting`: an option of a command, such as NOTAFTER. `option`: one of Defaults. */
  kind: "alias" | "word" | "netgroup" | "usergroup" | "network" | "digest" | "option" | "setting";
  text: string;
}

export type Token =
  | TextToken
  | { kind: "command"; path: string; args: string | undefined }
  | { kind: "tag"; name: string }
  /** `kind` of the digest, such as sha256. */
  | { kind: "digest-type"; name: string }
  | { kind: "alias-type"; name: "Host" | "Cmnd" | "User" | "Runas" }
  /** What is bound to: `:` users, `@` hosts, `>` run-as users, `!` commands, or nothing. */
  | { kind: "defaults"; scope: DefaultsScope }
  | { kind: "all" | "include" | "includedir" | "," | "=" | ":" | "!" | "+=" | "-=" | "(" | ")" }
  | { kind: "newline" | "end" }
  | { kind: "invalid"; reason: string };

export type DefaultsScope = "" | ":" | "@" | ">" | "!";
