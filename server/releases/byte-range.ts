// One range of bytes of a file (RFC 9110, section 14). Pure.

/** Both included. */
export interface ByteRange {
  first: number;
  last: number;
}

/**
 * Undefined: the whole file, because no range is requested, or several, or none that is understood.
 * `unsatisfiable`: the file does not have it.
 */
export function parseRange(
  header: string | null,
  sizeBytes: number,
): ByteRange | undefined | "unsatisfiable" {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/i.exec(header ?? "");
  if (!match || (match[1] === "" && match[2] === "")) return undefined;
  const [from, to] = [match[1] as string, match[2] as string];
  if (from === "") {
    const length = Number(to);
    if (length === 0) return "unsatisfiable";
    return { first: Math.max(0, sizeBytes - length), last: sizeBytes - 1 };
  }
  const first = Number(from);
  const last = to === "" ? sizeBytes - 1 : Math.min(Number(to), sizeBytes - 1);
  if (to !== "" && Number(to) < first) return undefined;
  return first < sizeBytes ? { first, last } : "unsatisfiable";
}

/** Whether a list of entity tags, or `*`, has the tag (RFC 9110, section 13.1.2: weak comparison). */
export function matchesTag(header: string | null, tag: string): boolean {
  return (header ?? "").split(",").some((one) => ["*", tag].includes(one.trim().replace(/^W\//, "")));
}
