// Reads a password from the terminal without showing it, or from standard input if that is not a terminal.

const MAX_CHARACTERS = 4_096;

export async function readPassword(prompt: string): Promise<string> {
  const { stdin, stderr } = process;
  if (!stdin.isTTY) return (await Bun.stdin.text()).slice(0, MAX_CHARACTERS).replace(/\r?\n$/, "");
  stderr.write(prompt);
  stdin.setRawMode(true);
  try {
    let typed = "";
    for await (const part of stdin) {
      for (const character of String(part)) {
        if (character === "\r" || character === "\n") return typed;
        // Ctrl-C and Ctrl-D end the command.
        if (character === "\u0003" || character === "\u0004") return "";
        if (character === "\u007f") typed = typed.slice(0, -1);
        else if (typed.length < MAX_CHARACTERS) typed += character;
      }
    }
    return typed;
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    stderr.write("\n");
  }
}
