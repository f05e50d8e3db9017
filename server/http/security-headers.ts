// Headers of every reply: no framing, no sniffing, no referrer, and no caching of API replies.

/** `secure`: clients use HTTPS. */
export function securityHeaders(secure: boolean): Record<string, string> {
  return {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
    ...(secure ? { "strict-transport-security": "max-age=31536000" } : {}),
  };
}

/** The policy and the caching of a reply that has them stay. */
export function setSecurityHeaders(headers: Headers, security: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(security)) {
    const isOwn = name === "content-security-policy" || name === "cache-control";
    if (!isOwn || !headers.has(name)) headers.set(name, value);
  }
}
