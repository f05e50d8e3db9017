/** Options of the runtime, in addition to the standard ones. Browsers ignore them. */
interface RuntimeOptions {
  /** Certificates to trust instead of the system's, in PEM. */
  ca?: string | string[] | undefined;
  /** With its credentials; false: no proxy; undefined: the proxy from the environment. */
  proxy?: string | false | undefined;
}

/** The only `fetch` of the server and the sensor: it verifies certificates regardless of the environment. */
export async function verifiedFetch(
  url: string | URL,
  { ca, proxy, ...request }: RequestInit & RuntimeOptions,
): Promise<Response> {
  const tls = { rejectUnauthorized: true, ...(ca === undefined ? {} : { ca }) };
  const options = { ...request, tls, ...(proxy === undefined ? {} : { proxy }) };
  return await fetch(url, options as RequestInit);
}
