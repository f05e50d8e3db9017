// Text as one word of a shell or as a literal string of PowerShell. Pure.

/** One word for a POSIX shell, whatever the text is. */
export function quoteShell(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** A literal string for PowerShell, which takes typographic quotation marks for `'` too. */
export function quotePowerShell(text: string): string {
  return `'${text.replaceAll(/['\u2018-\u201b]/g, "$&$&")}'`;
}

/** Without quotes where no shell needs them. zsh treats the brackets of an IPv6 address as a pattern. */
export function quoteShellIfNeeded(text: string): string {
  return /^[\w:/.-]+$/.test(text) ? text : quoteShell(text);
}
