// Pastes text into an interactive shell, as a user does: in a terminal, with answers to prompts that the
// terminal does not show.
import { findOrInstall } from "../../harness/debian.ts";
import { waitUntil } from "../../harness/wait-until.ts";

/** dash shows its prompt before the output of a command that was typed early. */
const CODE = /^(?:ready> )*code=(\d+)\./m;

export interface Pasted {
  /** The exit code of the last command of the text. */
  code: number;
  /** What the terminal showed, with the text itself. */
  output: string;
}

/**
 * `command`: the command line of an interactive shell. `answers`: what the user types after a prompt with
 * this text. The shell then ends by `exit`, so that it writes its history.
 */
export async function paste(
  command: string[],
  text: string,
  answers: { prompt: string; line: string }[] = [],
  { cwd = process.cwd(), env = {} }: { cwd?: string; env?: Record<string, string> } = {},
): Promise<Pasted> {
  const terminal = await findOrInstall("script");
  const words = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
  const child = Bun.spawn([terminal, "--quiet", "--return", "--flush", "--command", words, "/dev/null"], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
    cwd,
    env: { ...process.env, TERM: "dumb", ...env },
  });
  let output = "";
  const decoder = new TextDecoder();
  const read = (async () => {
    for await (const part of child.stdout) output += decoder.decode(part, { stream: true });
  })();
  const type = (line: string) => {
    child.stdin.write(`${line}\n`);
    child.stdin.flush();
  };
  const see = async (what: string, isSeen: () => boolean, deadlineMs?: number) => {
    await waitUntil(what, isSeen, deadlineMs).catch((error: Error) => {
      child.kill("SIGKILL");
      throw new Error(`${error.message}. The terminal shows:\n${output}`);
    });
  };
  // The quotation marks distinguish the prompt from the line that sets it.
  type("PS1='re''ady> '");
  await see("the shell is ready", () => isShown(output, "ready>"));
  output = "";
  type(text);
  for (const { prompt, line } of answers) {
    await see(`the terminal shows ${prompt}`, () => isShown(output, prompt), 120_000);
    type(line);
  }
  // Programs that ask for passwords discard what was typed before.
  await see("the shell waits for a command", () => isShown(output, "ready>"), 120_000);
  type('echo "code=$?."');
  await see("the text has run", () => CODE.test(output));
  const code = Number(CODE.exec(output)![1]);
  type("exit");
  await child.exited;
  await read;
  return { code, output };
}

/** The terminal also shows the text, which may contain the prompt: the prompt is the end of the output. */
function isShown(output: string, prompt: string): boolean {
  return output.trimEnd().endsWith(prompt.trim());
}
