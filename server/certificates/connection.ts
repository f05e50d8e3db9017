// How sensors reach this server: the address that they are given, and the certificate that they see there.
import { hostname } from "node:os";
import type { ServerTls } from "./server-tls.ts";
import { pinOf } from "./x509.ts";

export interface ConnectionOptions {
  publicUrl: string | undefined;
  sensorUrl: string | undefined;
  /**
   * The address of the port that only sensors use, as it is bound; undefined: sensors and users share a port.
   */
  ownUrl: (() => string) | undefined;
  /** undefined: this server ends no TLS for sensors. */
  tls: ServerTls | undefined;
}

export function openConnection({ publicUrl, sensorUrl, ownUrl, tls }: ConnectionOptions) {
  /** The port's address by a name that other machines can use. */
  function reachable(bound: string): string {
    const url = new URL(bound);
    if (publicUrl) url.hostname = new URL(publicUrl).hostname;
    else if (/^(0\.0\.0\.0|\[::\])$/.test(url.hostname)) url.hostname = hostname();
    return url.origin;
  }
  return {
    /** null: the address that users open the console with. */
    sensorUrl: (): string | null => sensorUrl ?? (ownUrl ? reachable(ownUrl()) : (publicUrl ?? null)),
    /** The certificate that sensors see; undefined: this server ends no TLS for them. */
    certificate(): { pin: string; expiresAt: number } | undefined {
      const certificate = tls?.certificate();
      return certificate && { pin: pinOf(certificate.chain), expiresAt: certificate.expiresAt };
    },
    /** The roots of the private CA, when sensors see its certificate. */
    roots: (): { pin: string; pins: string[]; certificates: string[] } | undefined => tls?.roots(),
  };
}

export type Connection = ReturnType<typeof openConnection>;
