// Changes the certificate of a running server: when its files change, and before it ends.
import type { followTls, ServerTls, TlsState } from "./certificates/server-tls.ts";
import { type CertificateSwapOptions, openCertificateSwap } from "./http/certificate-swap.ts";
import type { Job } from "./jobs.ts";
import type { openLog } from "./log.ts";

interface CertificateChangeOptions extends CertificateSwapOptions {
  log: ReturnType<typeof openLog>;
  /** In a process that is not the first of its server. */
  followed: ReturnType<typeof followTls> | undefined;
}

/** `tls`: absent without TLS. A failure is logged, and changes nothing. */
export function openCertificateChanges(
  tls: ServerTls | undefined,
  { log, followed, ...options }: CertificateChangeOptions,
) {
  const certificates = openCertificateSwap(options);
  const { listeners } = options;
  async function change(work: (tls: ServerTls) => Promise<boolean>): Promise<void> {
    try {
      if (tls && (await work(tls))) await certificates.swap(stateOf(tls));
    } catch (error) {
      log.error({ err: error }, "the certificate was not changed: the previous certificate stays in use");
    }
  }
  const renewal: Job = {
    name: "renew the certificate",
    intervalMs: 60_000,
    work: () => change((latest) => latest.renew()),
  };
  /** The requests of the first process of the server to the others. */
  const asked = {
    addCertificate(latest: TlsState) {
      followed?.follow(latest);
      for (const listener of listeners) listener.add(latest.certificate);
    },
    dropEarlier() {
      for (const listener of listeners) listener.dropEarlier();
    },
  };
  return { reload: () => change((latest) => latest.reload()), renewal, asked };
}

export function stateOf(tls: ServerTls): TlsState {
  return { certificate: tls.certificate(), roots: tls.roots() };
}
