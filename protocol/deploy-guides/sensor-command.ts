// Commands of the sensor that an operator pastes on a host. They do not contain the token, so that neither
// the shell history nor the process list shows it. The shell's own printf passes it on.

import type { InstallTarget } from "../releases/install-command.ts";
import { quotePowerShell, quoteShellIfNeeded } from "../releases/quote.ts";

export type Shell = "posix" | "powershell";

interface SensorCommand {
  shell: Shell;
  /** With the words before it, e.g. `sudo attacklens-sensor`. */
  program: string;
  /** E.g. `install --token -`. */
  words: string;
}

/** One option per line, so that a pin stays on one line and can be compared. */
export function sensorCommand(
  { server, caPin, proxy }: Pick<InstallTarget, "server" | "caPin" | "proxy">,
  { shell, program, words }: SensorCommand,
): string {
  // PowerShell needs quotation marks for brackets and semicolons, too.
  const quote = (text: string) =>
    shell === "posix" || /^[\w:/.-]+$/.test(text) ? quoteShellIfNeeded(text) : quotePowerShell(text);
  const options = [
    `--server ${quote(server)}`,
    ...(caPin ? [`--ca-pin ${caPin}`] : []),
    ...(proxy ? [`--proxy ${quote(proxy)}`] : []),
  ];
  return [`${program} ${words}`, ...options].join(shell === "powershell" ? " `\n  " : " \\\n  ");
}

/**
 * Reads the secret without showing it and pipes it to the command: for a POSIX shell, or for PowerShell as an
 * administrator. The parentheses make it one command, so that users can paste all of it, and limit the scope
 * of the secret.
 */
export function askingFor(secret: string, shell: Shell, command: string): string {
  if (shell === "powershell") {
    return [
      "& {",
      `  $Token = Read-Host -AsSecureString '${secret}'`,
      "  [Net.NetworkCredential]::new('', $Token).Password |",
      indent(command),
      "}",
    ].join("\n");
  }
  return [
    "(",
    "  trap 'stty echo 2>/dev/null; exit 130' INT",
    // Before the prompt: a tool that waits for the prompt is faster than a user.
    // Without a terminal, stty fails, and nothing is shown anyway.
    `  stty -echo 2>/dev/null; printf '${secret}: '; read -r TOKEN; stty echo 2>/dev/null; echo`,
    `  printf %s "$TOKEN" |`,
    indent(command),
    ")",
  ].join("\n");
}

export function indent(text: string, spaces = 2): string {
  return text.replaceAll(/^(?=.)/gm, " ".repeat(spaces));
}
