// The command that uses a token, without the token in it: neither the shell's history nor the list of processes gets to see it.

/**
 * For bash and zsh: asks for the token unseen and pipes it to the sensor. The parentheses make it one command, so that it
 * can be pasted whole, and forget the token when it ends.
 */
export function enrollCommand(server: string): string {
  return [
    "(",
    "  printf 'Enrollment Token: '; read -rs TOKEN; echo",
    `  printf %s "$TOKEN" | sudo attacklens-sensor enroll --server ${server} --token -`,
    ")",
  ].join("\n");
}
