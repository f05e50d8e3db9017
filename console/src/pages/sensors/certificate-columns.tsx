// The columns of the certificates.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import type { Columns } from "../../ui/DataTable.tsx";
import { CertificateExpiry } from "./CertificateExpiry.tsx";
import { columnMaker, list } from "./text-column.tsx";

type Certificate = Item<"certificates">;

const ofCertificate = columnMaker<Certificate>();

export const certificateColumns: Columns<Certificate> = [
  ofCertificate("Name", "22%", (one) => one.name),
  ofCertificate(
    "Expires",
    "124px",
    (one) => one.notAfter,
    (one) => <CertificateExpiry at={one.notAfter} />,
  ),
  ofCertificate("Issuer", "22%", (one) => (one.selfSigned ? "Self-signed" : one.issuer)),
  ofCertificate("Key", "104px", (one) =>
    [one.keyType?.toUpperCase(), one.keyBits].filter((part) => part !== undefined).join(" "),
  ),
  ofCertificate("Used by", "14%", (one) => list(one.usedBy)),
  ofCertificate("Path", undefined, (one) => one.path),
];
