// The certificates in the stores of this host, which are in the registry. Each entry is a list of properties,
// and one of them is the certificate. The key is elsewhere, and is not read.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import type { Gap } from "@attacklens/protocol/inventory/gaps.ts";
import { MAX_NAMES, parseCertificateFile } from "../certificates/parse-certificate.ts";
import { factText } from "../collector.ts";
import { firstOf } from "../first-of.ts";
import { REG, type Registry, type RegistryValues, valuesOf } from "./registry.ts";

type Certificate = Item<"certificates">;

const STORES = "HKLM\\SOFTWARE\\Microsoft\\SystemCertificates";
/** Not the stores of trusted roots and their like. */
const OWN_STORES = ["MY", "WebHosting", "Remote Desktop"];
const SERVICES = "HKLM\\SYSTEM\\CurrentControlSet";
const HTTP = `${SERVICES}\\Services\\HTTP\\Parameters\\SslBindingInfo`;
const RDP = `${SERVICES}\\Control\\Terminal Server\\WinStations\\RDP-Tcp`;
/** CERT_CERT_PROP_ID of wincrypt.h. */
const CERTIFICATE = 32;
const PROPERTY_HEADER_BYTES = 12;
const MAX_USERS = 50;

export function readCertificates(registry: Registry, noteGap: (gap: Gap) => void): Certificate[] {
  const users = readUsers(registry);
  return OWN_STORES.flatMap((store) => {
    const folder = `${STORES}\\${store}\\Certificates`;
    return registry.listKeys(folder).flatMap((thumbprint) => {
      const path = `LocalMachine\\${store}\\${thumbprint}`;
      const blob = valuesOf(registry, `${folder}\\${thumbprint}`).get("blob");
      const der = blob?.type === REG.binary ? findCertificate(Buffer.from(blob.bytes)) : undefined;
      const parsed = der === undefined ? "damaged" : parseCertificateFile(der);
      if (typeof parsed === "string") {
        noteGap({ kind: "damaged", subject: path, reason: "no valid certificate" });
        return [];
      }
      const usedBy = users.get(thumbprint.toLowerCase()) ?? [];
      return {
        key: factText(path, 1_100),
        ...parsed,
        alternativeNames: [...firstOf({ noteGap }, `names in ${path}`, parsed.alternativeNames, MAX_NAMES)],
        name: parsed.name || factText(thumbprint, 300),
        path: factText(path, 1_000),
        usedBy: [...firstOf({ noteGap }, `users of ${path}`, [...new Set(usedBy)].sort(), MAX_USERS)],
      };
    });
  });
}

/** Each property has its number, a reserved one, and its length before it. */
export function findCertificate(blob: Buffer): Buffer | undefined {
  for (let at = 0; at + PROPERTY_HEADER_BYTES <= blob.length; ) {
    const end = at + PROPERTY_HEADER_BYTES + blob.readUInt32LE(at + 8);
    if (end > blob.length) return undefined;
    if (blob.readUInt32LE(at) === CERTIFICATE) return blob.subarray(at + PROPERTY_HEADER_BYTES, end);
    at = end;
  }
  return undefined;
}

/**
 * What uses a certificate, by its thumbprint in lower case: addresses of IIS and others, and Remote Desktop.
 */
function readUsers(registry: Registry): Map<string, string[]> {
  const users = new Map<string, string[]>();
  const add = (values: RegistryValues, name: string, user: string) => {
    const hash = values.get(name);
    if (hash?.type !== REG.binary || hash.bytes.length !== 20) return;
    const thumbprint = Buffer.from(hash.bytes).toString("hex");
    users.set(thumbprint, [...(users.get(thumbprint) ?? []), factText(user, 100)]);
  };
  for (const address of registry.listKeys(HTTP))
    add(valuesOf(registry, `${HTTP}\\${address}`), "sslcerthash", `HTTP ${address}`);
  add(valuesOf(registry, RDP), "sslcertificatesha1hash", "Remote Desktop");
  return users;
}
