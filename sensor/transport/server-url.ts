// Which server addresses a sensor talks to: HTTPS anywhere, plain HTTP on this machine only.
import { SensorError } from "../sensor-error.ts";

/** The origin, without a path. Throws SensorError for what is not an address to enroll with. */
export function parseServerUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !["http:", "https:"].includes(url.protocol)) {
    throw new SensorError(
      "usage",
      `Cannot use the server "${text}": it is not an address such as https://attacklens.example.com`,
    );
  }
  if (url.username || url.password || url.search || url.hash || url.pathname !== "/") {
    throw new SensorError(
      "usage",
      `Cannot use the server ${url.origin}: give the address alone, without path, query or password`,
    );
  }
  if (url.protocol === "http:" && !isLoopback(url.hostname)) {
    throw new SensorError(
      "usage",
      `Cannot use the server ${url.origin}: plain HTTP would show the token to the network`,
      `use https://${url.host}`,
    );
  }
  return url.origin;
}

/** 127.0.0.0/8 (RFC 1122), ::1 (RFC 4291), and the name that means them (RFC 6761); of a parsed address. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}
