// The other names of a certificate's subject (RFC 5280, 4.2.1.6).
import { formatIpv6 } from "../ip-address.ts";
import { contentOf, type DerValue, TAG, valuesIn } from "./der.ts";

const KIND = { host: 0x82, url: 0x86, address: 0x87 };

/** Names and addresses of hosts. Addresses of users are left out. Throws DerError. */
export function readAlternativeNames(extension: DerValue): string[] {
  return valuesIn(contentOf(extension, TAG.sequence)).flatMap(({ tag, content }) => {
    if (tag === KIND.host || tag === KIND.url) return Buffer.from(content).toString("latin1").trim() || [];
    if (tag !== KIND.address) return [];
    if (content.length === 4) return content.join(".");
    return content.length === 16 ? formatIpv6([...content]) : [];
  });
}
