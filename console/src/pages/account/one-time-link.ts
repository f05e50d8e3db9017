// The value of a one-time link is in the fragment of the URL, which browsers do not send. It is removed from
// the address bar immediately and kept only in memory.
import { lookUpLink, type ShownLink } from "@attacklens/protocol/one-time-links.ts";
import { callApi, problemOf } from "../../api.ts";

let taken: string | undefined;

/** The link and its user, or a sentence with the reason why the link cannot be used. */
export type LoadedLink = { value: string; link: ShownLink } | { problem: string };

/** The loader of the pages that links open. */
export async function loadLink(): Promise<LoadedLink> {
  const found = window.location.hash.slice(1);
  if (found) {
    taken = found;
    window.history.replaceState(window.history.state, "", window.location.pathname + window.location.search);
  }
  if (taken === undefined) return { problem: "Open the complete link that you received." };
  try {
    return { value: taken, link: await callApi(lookUpLink, { body: { value: taken } }) };
  } catch (error) {
    const { code, detail } = problemOf(error);
    if (code === "link-invalid") return { problem: detail };
    if (code === "input-invalid") return { problem: "This link is not complete. Copy the whole link." };
    throw error;
  }
}

/** After its use. */
export function forgetLink(): void {
  taken = undefined;
}
