// The address of a server, as users enter it: HTTPS to any host, plain HTTP only to this host.

/** The origin of a server, or the reason why a program must not use it. */
export type ServerUrl = { origin: string } | { problem: string; hint?: string };

/**
 * `secret` names what plain HTTP would expose: "token" or "key". The texts repeat no password of the address.
 */
export function parseServerUrl(text: string, secret: string): ServerUrl {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !["http:", "https:"].includes(url.protocol)) {
    return {
      problem: `Cannot use the server "${text}": it is not a URL such as https://attacklens.example.com`,
    };
  }
  const cannot = `Cannot use the server ${url.origin}`;
  if (url.username || url.password || url.search || url.hash || url.pathname !== "/")
    return { problem: `${cannot}: enter the address without a path, query or password` };
  if (url.protocol === "http:" && !isLoopback(url.hostname)) {
    return {
      problem: `${cannot}: plain HTTP would expose the ${secret} on the network`,
      hint: `use https://${url.host}`,
    };
  }
  return { origin: url.origin };
}

/** 127.0.0.0/8 (RFC 1122), ::1 (RFC 4291) and `localhost` (RFC 6761), as `URL.hostname` writes them. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}
