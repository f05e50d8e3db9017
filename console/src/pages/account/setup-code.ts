// The set-up code comes in the fragment, which no server sees. It leaves the address bar at once and lives in memory only.

let code: string | undefined;

/** The code of the link that was opened, if it was one. */
export function takeSetupCode(): string | undefined {
  const found = new URLSearchParams(window.location.hash.slice(1)).get("code");
  if (found) {
    code = found;
    window.history.replaceState(window.history.state, "", window.location.pathname + window.location.search);
  }
  return code;
}
