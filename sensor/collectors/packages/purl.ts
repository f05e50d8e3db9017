// Package URLs (ECMA-427): pkg:type/namespace/name@version?qualifiers.

export interface Distribution {
  /** From ID in os-release(5): debian, rocky, alpine. */
  id: string;
  /** VERSION_ID in os-release(5). */
  versionId?: string;
}

export interface PurlParts {
  type: string;
  /** Several segments are separated by slashes. */
  namespace?: string;
  name: string;
  version?: string;
  qualifiers?: Readonly<Record<string, string | undefined>>;
}

const MAX_PURL = 1_000;

/** Undefined if it is longer than a report may contain. */
export function formatPurl({
  type,
  namespace = "",
  name,
  version,
  qualifiers = {},
}: PurlParts): string | undefined {
  const path = [...namespace.split("/").filter(Boolean), name].map(encode).join("/");
  const query = Object.keys(qualifiers)
    .sort()
    .map((key) => qualifier(key, qualifiers[key]))
    .join("");
  return withinLimit(`pkg:${type}/${path}${version ? `@${encode(version)}` : ""}${query.replace("&", "?")}`);
}

/** A purl that is cut names another package. */
function withinLimit(purl: string): string | undefined {
  return purl.length <= MAX_PURL ? purl : undefined;
}

/**
 * The purl of a package of the distribution. By definition, names of deb, apk and alpm packages are lower
 * case. Those of rpm packages keep their case.
 */
export function distributionPurl(
  type: "deb" | "rpm" | "apk" | "alpm" | "opkg",
  { id, versionId }: Distribution,
  { name, version, arch, epoch }: { name: string; version: string; arch?: string; epoch?: string },
): string | undefined {
  const distro = id && versionId ? `${id}-${versionId}` : id;
  const query = `${qualifier("arch", arch)}${qualifier("distro", distro)}${qualifier("epoch", epoch)}`;
  const vendor = id && `${encode(vendorOf(id))}/`;
  const path = `${vendor}${encode(type === "rpm" ? name : name.toLowerCase())}`;
  return withinLimit(`pkg:${type}/${path}${version && `@${encode(version)}`}${query.replace("&", "?")}`);
}

function qualifier(key: string, value: string | undefined): string {
  return value ? `&${key}=${encode(value)}` : "";
}

/** The namespace is the vendor, which is not the ID where a vendor has several distributions. */
function vendorOf(id: string): string {
  const vendor = id.toLowerCase();
  if (vendor === "rhel") return "redhat";
  if (vendor.startsWith("opensuse")) return "opensuse";
  return /^(?:sles|sled|sle-|sl-micro|suse)/.test(vendor) ? "suse" : vendor;
}

/** Percent-encodes everything except letters, digits and `.-_~:` (ECMA-427, character encoding). */
function encode(text: string): string {
  return /^[A-Za-z0-9._~:-]*$/.test(text)
    ? text
    : encodeURIComponent(text.toWellFormed())
        .replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)
        .replaceAll("%3A", ":");
}
