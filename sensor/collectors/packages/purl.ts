// Package URLs (ECMA-427) of operating system packages: pkg:type/namespace/name@version?qualifiers.

export interface Distribution {
  /** The namespace, from ID in os-release(5): debian, rocky, alpine. */
  id: string;
  /** VERSION_ID in os-release(5). */
  versionId?: string;
}

export function formatPurl(
  type: "deb" | "rpm" | "apk",
  distribution: Distribution,
  name: string,
  version: string,
  qualifiers: Readonly<Record<string, string | undefined>>,
): string {
  const { id, versionId } = distribution;
  const all: Record<string, string | undefined> = {
    ...qualifiers,
    distro: id && versionId ? `${id}-${versionId}` : id || undefined,
  };
  const query = Object.keys(all)
    .sort()
    .flatMap((key) => (all[key] ? [`${key}=${encode(all[key])}`] : []))
    .join("&");
  // By definition, names of deb and apk packages are lower case. Those of rpm packages keep their case.
  const path = [id.toLowerCase(), type === "rpm" ? name : name.toLowerCase()].filter(Boolean).map(encode);
  return `pkg:${type}/${path.join("/")}${version && `@${encode(version)}`}${query && `?${query}`}`;
}

/** Percent-encodes everything except letters, digits and `.-_~:` (ECMA-427, character encoding). */
function encode(text: string): string {
  return /^[A-Za-z0-9._~:-]*$/.test(text)
    ? text
    : encodeURIComponent(text)
        .replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)
        .replaceAll("%3A", ":");
}
