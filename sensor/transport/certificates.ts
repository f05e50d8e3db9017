// Reads a server's certificate before anything is sent: to check the pin of a private CA, and to describe an
// untrusted one.
import { createHash, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { connect as connectTls, type DetailedPeerCertificate } from "node:tls";
import { toPlainText } from "@attacklens/protocol/plain-text.ts";
import { SensorError } from "../sensor-error.ts";
import { openTunnel } from "./proxy.ts";
import { bareHost } from "./proxy-url.ts";
import { Unreachable } from "./server-reply.ts";

const TIMEOUT_MS = 10_000;
const MAX_CHAIN = 20;
/** Maximum size of the saved roots: the identity file that contains them must stay within its limit. */
const MAX_ROOTS_BYTES = 32_768;

export interface Seen {
  /** PEM, in the order sent; the server's own certificate first. */
  chain: string[];
  /** `TLSv1.3` */
  protocol: string;
  /** Why this host's trust store rejects it; undefined: it accepts it. */
  refusal: string | undefined;
}

/** Pin of a certificate's key: `sha256:` and the SHA-256 of its SubjectPublicKeyInfo. */
export function pinOf(pem: string): string {
  const spki = new X509Certificate(pem).publicKey.export({ format: "der", type: "spki" });
  return `sha256:${createHash("sha256").update(spki).digest("hex")}`;
}

/** Performs only the TLS handshake, with any server. Throws the network's error, or Unreachable. */
export async function lookAtCertificate(server: string, proxy: string | undefined): Promise<Seen> {
  const { hostname, port } = new URL(server);
  const host = bareHost(hostname);
  const tunnel = await openTunnel(proxy, host, Number(port || 443), TIMEOUT_MS);
  return await new Promise((resolve, reject) => {
    const socket = connectTls({
      socket: tunnel,
      ...(isIP(host) ? {} : { servername: host }),
      rejectUnauthorized: false,
      minVersion: "TLSv1.2",
    });
    const timer = setTimeout(
      () => end(() => reject(new Unreachable("no reply to the TLS handshake"))),
      TIMEOUT_MS,
    );
    function end(settle: () => void): void {
      clearTimeout(timer);
      settle();
      socket.destroy();
      tunnel.destroy();
    }
    socket.on("error", (error) => end(() => reject(error)));
    socket.once("close", () => end(() => reject(new Unreachable("the server closed the connection"))));
    socket.once("secureConnect", () =>
      end(() => {
        const refusal = socket.authorized ? undefined : String(socket.authorizationError ?? "not trusted");
        const chain = pemChain(socket.getPeerCertificate(true));
        resolve({ chain, protocol: socket.getProtocol() ?? "TLS", refusal });
      }),
    );
  });
}

function pemChain(leaf: DetailedPeerCertificate | undefined): string[] {
  const chain: string[] = [];
  for (let one = leaf; one?.raw && chain.length < MAX_CHAIN; one = one.issuerCertificate) {
    const pem = new X509Certificate(one.raw).toString();
    if (chain.includes(pem)) break;
    chain.push(pem);
  }
  return chain;
}

/**
 * Returns the root with the pin, PEM; the sensor then trusts only this root. Throws SensorError that
 * describes the certificate if the server has no root with the pin. Only the handshake was sent then.
 */
export async function findPinnedRoot(
  server: string,
  pin: string,
  proxy: string | undefined,
): Promise<string> {
  const { chain } = await lookAtCertificate(server, proxy);
  // An older root may certify the same key in a cross certificate. Only the self-signed certificate is a
  // root.
  const root = chain.find((pem) => isRoot(pem) && keyOf(pem) === pin);
  if (root !== undefined) return root;
  const issuer = chain[0] === undefined ? "" : nameOf(new X509Certificate(chain[0]).issuer);
  throw new SensorError(
    "wrongServer",
    `Cannot trust ${server}: it presents no root with the pin ${pin}; nothing was sent. It presents ${describeChain(chain)}`,
    issuer.startsWith("AttackLens private CA")
      ? "another AttackLens server runs there, or its CA was rotated: copy the pin from the console again"
      : `a proxy that inspects TLS (issuer: ${issuer || "none"}) or another server replied; let this host reach the server without the proxy`,
  );
}

/** Describes the server's own certificate: subject, issuer, key and expiry. */
export function describeChain(chain: readonly string[]): string {
  if (chain[0] === undefined) return "none";
  const { subject, issuer, validTo } = new X509Certificate(chain[0]);
  const end = new Date(validTo);
  const until = Number.isNaN(end.getTime()) ? toPlainText(validTo, 40) : end.toISOString();
  return `${nameOf(subject)}, issued by ${nameOf(issuer)}, key ${keyOf(chain[0])}, valid until ${until}`;
}

/** The issuer of the server's own certificate, as text. */
export function issuerOf(chain: readonly string[]): string {
  return chain[0] === undefined ? "none" : nameOf(new X509Certificate(chain[0]).issuer);
}

/** `CN` and `O` of a distinguished name, which is untrusted text. */
function nameOf(distinguished: string | undefined): string {
  const parts = new Map(
    (distinguished ?? "").split("\n").map((line) => {
      const at = line.indexOf("=");
      return [line.slice(0, at), line.slice(at + 1)] as const;
    }),
  );
  const name = [parts.get("CN"), parts.get("O")].filter(Boolean).join(", ");
  return name ? toPlainText(name, 200) : "an issuer without a name";
}

/** Like pinOf, for an untrusted certificate. */
function keyOf(pem: string): string {
  try {
    return pinOf(pem);
  } catch {
    return "of a kind that is not known";
  }
}

function isRoot(pem: string): boolean {
  const certificate = new X509Certificate(pem);
  return certificate.ca && certificate.checkIssued(certificate);
}

/** Parses the roots that a server announces for its CA. Undefined unless all of them are roots. */
export function parseRoots(pems: readonly string[]): string[] | undefined {
  try {
    const roots = pems.map((pem) => new X509Certificate(pem).toString());
    const isSmall = roots.join("").length <= MAX_ROOTS_BYTES;
    return isSmall && roots.length > 0 && roots.every(isRoot) ? roots : undefined;
  } catch {
    return undefined;
  }
}
