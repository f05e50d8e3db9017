// sshd's options on the command line (sshd(8)), as lines of its configuration.

export interface SshdOptions {
  /** Lines that come before those of the file. */
  lines: string[];
  /** The configuration file. */
  file?: string;
  /** The file's ports do not count. */
  hasPorts: boolean;
}

/** Options that have an argument, with the keyword that they set, if any. */
const WITH_ARGUMENT: Record<string, string> = {
  b: "",
  c: "HostCertificate",
  C: "",
  E: "",
  f: "",
  g: "LoginGraceTime",
  h: "HostKey",
  k: "",
  o: "",
  p: "Port",
  u: "",
};
const WITHOUT_ARGUMENT: Record<string, string> = {
  4: "AddressFamily inet",
  6: "AddressFamily inet6",
  q: "LogLevel QUIET",
  d: "LogLevel DEBUG1",
};

/** `words` are the arguments, without the program. */
export function parseSshdOptions(words: readonly string[]): SshdOptions {
  const options: SshdOptions = { lines: [], hasPorts: false };
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] as string;
    if (!word.startsWith("-") || word === "-" || word === "--") break;
    for (let letter = 1; letter < word.length; letter += 1) {
      const option = word[letter] as string;
      const keyword = WITH_ARGUMENT[option];
      if (keyword === undefined) {
        if (WITHOUT_ARGUMENT[option]) options.lines.push(WITHOUT_ARGUMENT[option]);
        continue;
      }
      const rest = word.slice(letter + 1);
      const argument = rest || words[at + 1];
      if (!rest) at += 1;
      if (argument !== undefined) add(options, option, keyword, argument);
      break;
    }
  }
  return options;
}

function add(options: SshdOptions, option: string, keyword: string, argument: string): void {
  if (option === "o") options.lines.push(argument);
  else if (option === "f") options.file = argument.startsWith("/") ? argument : `/${argument}`;
  else if (keyword) options.lines.push(`${keyword} ${argument}`);
  if (option === "p") options.hasPorts = true;
}
