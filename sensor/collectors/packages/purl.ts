// Package URLs (ECMA-427) for packages of an operating system: pkg:type/namespace/name@version?qualifiers.

export interface Distribution {
  /** ID of os-release(5), which is the namespace: debian, rocky, alpine. */
  id: string;
  /** VERSION_ID of os-release(5). */
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
  // Names of deb and apk are lower case by definition; those of rpm keep their case.
  const path = [id.toLowerCase(), type === "rpm" ? name : name.toLowerCase()].filter(Boolean).map(encode);
  return `pkg:${type}/${path.join("/")}${version && `@${encode(version)}`}${query && `?${query}`}`;
}

/** Percent-encodes all but letters, digits and `.-_~:` (ECMA-427, character encoding). */
function encode(text: string): string {
  return /^[A-Za-z0-9._~:-]*$/.test(text)
    ? text
    : encodeURIComponent(text)
        .replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)
        .replaceAll("%3A", ":");
}
