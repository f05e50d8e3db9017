// A server that listens.
export interface RunningServer extends AsyncDisposable {
  url: string;
  /** Present if sensors have a separate port. */
  sensorUrl: string | undefined;
  /** Reads the certificate files again, or follows the private CA. Logs a failure, which changes nothing. */
  reloadCertificates(): Promise<void>;
  /** Present until set-up is complete: the link that creates the first Super Admin. */
  setupLink: string | undefined;
}
