// Package URLs (ECMA-427): pkg:type/namespace/name@version?qualifiers.

/** The parts of a purl that all packages of a distribution share. */
export interface Distribution {
  /** The vendor, encoded. */
  namespace: string;
  /** The qualifier `distro` with the `&` before it; empty if it is not known. */
  distro: string;
}

/** `id` and `versionId` are those of os-release(5), e.g. debian and 12. */
export function distributionOf(id: string, versionId?: string): Distribution {
  return {
    namespace: encode(vendorOf(id)),
    distro: qualifier("distro", versionId ? `${id}-${versionId}` : id),
  };
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
  return withinLimit(
    `pkg:${type}/${path}${version ? `@${encode(version)}` : ""}${query && `?${query.slice(1)}`}`,
  );
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
  { namespace, distro }: Distribution,
  { name, version, arch, epoch }: { name: string; version: string; arch?: string; epoch?: string },
): string | undefined {
  const query = `${qualifier("arch", arch)}${distro}${qualifier("epoch", epoch)}`;
  const path = `${namespace}/${encode(type === "rpm" ? name : name.toLowerCase())}`;
  return withinLimit(
    `pkg:${type}/${path}${version && `@${encode(version)}`}${query && `?${query.slice(1)}`}`,
  );
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
