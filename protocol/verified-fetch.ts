/** What our programs add to the standard's request; a browser ignores it. */
interface RuntimeOptions {
  /** Certificates to trust in place of the system's, in PEM. */
  ca?: string | string[] | undefined;
  /** With its credentials; false: none, whatever the environment says; undefined: what the environment says. */
  proxy?: string | false | undefined;
}

/** The only `fetch` of the server and the sensor: it verifies the certificate whatever the environment says. */
export async function verifiedFetch(
  url: string | URL,
  { ca, proxy, ...request }: RequestInit & RuntimeOptions,
): Promise<Response> {
  const tls = { rejectUnauthorized: true, ...(ca === undefined ? {} : { ca }) };
  const options = { ...request, tls, ...(proxy === undefined ? {} : { proxy }) };
  return await fetch(url, options as RequestInit);
}
