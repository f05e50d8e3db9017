// The command that uses a token, without the token in it: neither the shell's history nor the list of processes gets to see it.

/** One line for bash and zsh: asks for the token unseen, pipes it to the sensor, forgets it. */
export function enrollCommand(server: string): string {
  return [
    "printf 'Enrollment Token: '; read -rs ATTACKLENS_TOKEN; echo;",
    `printf %s "$ATTACKLENS_TOKEN" | sudo attacklens-sensor enroll --server ${server} --token -;`,
    "unset ATTACKLENS_TOKEN",
  ].join(" ");
}
