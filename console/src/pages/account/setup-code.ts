// The setup code is in the fragment of the URL, which browsers do not send. It is removed from the address
// bar immediately and kept only in memory.

let code: string | undefined;

/** Returns the code of the setup link, or undefined when the page was opened without it. */
export function takeSetupCode(): string | undefined {
  const found = new URLSearchParams(window.location.hash.slice(1)).get("code");
  if (found) {
    code = found;
    window.history.replaceState(window.history.state, "", window.location.pathname + window.location.search);
  }
  return code;
}
