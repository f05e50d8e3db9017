// How sensors reach this server: the URL that they receive, and the certificate that they see there.
import { hostname } from "node:os";
import type { ServerTls } from "./server-tls.ts";
import { pinOf } from "./x509.ts";

export interface ConnectionOptions {
  publicUrl: string | undefined;
  sensorUrl: string | undefined;
  /** The bound address of the port for sensors; undefined: sensors and users share a port. */
  ownUrl: (() => string) | undefined;
  /** undefined: this server does not terminate TLS for sensors. */
  tls: ServerTls | undefined;
}

export function openConnection({ publicUrl, sensorUrl, ownUrl, tls }: ConnectionOptions) {
  /** Returns the port's URL with a name that other machines can use. */
  function reachable(bound: string): string {
    const url = new URL(bound);
    if (publicUrl) url.hostname = new URL(publicUrl).hostname;
    else if (/^(0\.0\.0\.0|\[::\])$/.test(url.hostname)) url.hostname = hostname();
    return url.origin;
  }
  return {
    /** null: the URL of the console. */
    sensorUrl: (): string | null => sensorUrl ?? (ownUrl ? reachable(ownUrl()) : (publicUrl ?? null)),
    /** The certificate that sensors see; undefined: this server does not terminate TLS for them. */
    certificate(): { pin: string; expiresAt: number; chain: string } | undefined {
      const certificate = tls?.certificate();
      if (!certificate) return undefined;
      const { chain, expiresAt } = certificate;
      return { pin: pinOf(chain), expiresAt, chain };
    },
    /** The roots as files in PEM, the one that signs now first; none where `roots` are undefined. */
    caFiles: (): string[] => tls?.roots()?.certificates.map((root) => `${root.trim()}\n`) ?? [],
    /** The roots of the private CA, if sensors see its certificate. */
    roots: (): { pin: string; pins: string[]; certificates: string[] } | undefined => tls?.roots(),
  };
}

export type Connection = ReturnType<typeof openConnection>;
