// The commands that use a token, without the token in them: neither the shell's history nor the list of processes gets to see it.

export const PLATFORMS = [
  { value: "linux", label: "Linux" },
  { value: "darwin", label: "macOS" },
  { value: "windows", label: "Windows" },
] as const;
export type Platform = (typeof PLATFORMS)[number]["value"];

/**
 * Asks for the token unseen and pipes it to the sensor: for bash and zsh, or for PowerShell as an administrator. The
 * parentheses make it one command, so that it can be pasted whole, and forget the token when it ends.
 */
export function enrollCommand(server: string, platform: Platform): string {
  if (platform === "windows") {
    return [
      "& {",
      "  $Token = Read-Host -AsSecureString 'Enrollment Token'",
      "  [Net.NetworkCredential]::new('', $Token).Password |",
      `    attacklens-sensor.exe enroll --server ${server} --token -`,
      "}",
    ].join("\n");
  }
  return [
    "(",
    "  printf 'Enrollment Token: '; read -rs TOKEN; echo",
    `  printf %s "$TOKEN" | sudo attacklens-sensor enroll --server ${server} --token -`,
    ")",
  ].join("\n");
}
