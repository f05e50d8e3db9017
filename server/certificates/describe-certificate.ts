import { X509Certificate } from "node:crypto";

export interface DescribedCertificate {
  /** Host names and addresses. */
  names: string[];
  issuer: string;
  startsAt: number;
  expiresAt: number;
  /** SHA-256 of the certificate. */
  sha256: string;
}

/** Describes the first certificate of a chain in PEM. */
export function describeCertificate(chain: string): DescribedCertificate {
  const certificate = new X509Certificate(chain);
  return {
    names: (certificate.subjectAltName ?? "")
      .split(/,\s*/)
      .map((name) => name.replace(/^(DNS|IP Address):/, ""))
      .filter((name) => name !== ""),
    issuer: nameOf(certificate.issuer),
    startsAt: Date.parse(certificate.validFrom),
    expiresAt: Date.parse(certificate.validTo),
    sha256: certificate.fingerprint256,
  };
}

/** The common name, or the whole name in one line. */
function nameOf(distinguishedName: string): string {
  const lines = distinguishedName.split("\n");
  const common = lines.find((line) => line.startsWith("CN="));
  return common ? common.slice(3) : lines.join(", ");
}
