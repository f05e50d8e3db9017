// The names of this server, for signatures that cover @authority. The Host header is not trusted, because
// proxies rewrite it and anyone can forge it. It only suggests which of the server's names to try first.

/** The number of names to try in addition to those of the request's headers. Each costs a verification. */
const MAX_TRIED = 4;

export interface OwnNames {
  /** The configured URLs of the console and for sensors. */
  urls: readonly string[];
  /** Other names and addresses of this host. */
  hosts: readonly string[];
  /** The listening ports. A function, because the system may choose them at the start. */
  ports: () => readonly number[];
}

export function openOwnAuthorities({ urls, hosts, ports }: OwnNames) {
  const configured = urls.map((url) => new URL(url).host);
  const names = new Set([...urls.map((url) => new URL(url).hostname), ...hosts.map(bracketed)]);

  /**
   * Normalizes a hint if it is one of the server's hosts at one of its ports or at the scheme's default port
   * (RFC 9421, section 2.2.3).
   */
  function normalized(hint: string | null): string[] {
    const match = /^(\[[0-9a-f:.]{2,45}\]|[a-z0-9_.-]{1,253})(?::(\d{1,5}))?$/.exec(
      (hint ?? "").trim().toLowerCase(),
    );
    const host = match?.[1];
    if (!match || host === undefined || !names.has(host)) return [];
    const port = match[2] === undefined ? undefined : Number(match[2]);
    if (port === undefined || port === 80 || port === 443) return [host, match[0]];
    return ports().includes(port) || configured.includes(match[0]) ? [match[0]] : [];
  }

  return {
    /** Returns the server's names that a request may have been signed for, the likeliest first. */
    candidates(headers: Headers): string[] {
      const hinted = [headers.get("host"), headers.get("x-forwarded-host")].flatMap(normalized);
      const local = [...names].flatMap((name) => ports().map((port) => `${name}:${port}`));
      const others = [...configured, ...local, ...names].slice(0, MAX_TRIED);
      return [...new Set([...hinted, ...others])];
    },
  };
}

/** Adds the brackets of a URL to an IPv6 address. */
function bracketed(host: string): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host.toLowerCase()}]` : host.toLowerCase();
}

export type OwnAuthorities = ReturnType<typeof openOwnAuthorities>;
