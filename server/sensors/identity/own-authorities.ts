// The names of this server, for signatures that cover @authority. The Host header decides nothing, because
// proxies rewrite it and anyone can forge it: it only suggests which of the server's names to try first.

/** Names that are tried beside those that the request hints at: each costs a verification. */
const MAX_TRIED = 4;

export interface OwnNames {
  /** Addresses that the operator configured for the console and for sensors. */
  urls: readonly string[];
  /** Names and addresses of this machine, beside those in `urls`. */
  hosts: readonly string[];
  /** Ports that are listened on; read late, since they may be given by the system. */
  ports: () => readonly number[];
}

export function openOwnAuthorities({ urls, hosts, ports }: OwnNames) {
  const configured = urls.map((url) => new URL(url).host);
  const names = new Set([...urls.map((url) => new URL(url).hostname), ...hosts.map(bracketed)]);

  /**
   * As a client writes it that called one of our hosts, at one of our ports or at the scheme's own (RFC 9421,
   * section 2.2.3).
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
    /** The server's own names that a request may have been signed for, the likeliest first. */
    candidates(headers: Headers): string[] {
      const hinted = [headers.get("host"), headers.get("x-forwarded-host")].flatMap(normalized);
      const local = [...names].flatMap((name) => ports().map((port) => `${name}:${port}`));
      const others = [...configured, ...local, ...names].slice(0, MAX_TRIED);
      return [...new Set([...hinted, ...others])];
    },
  };
}

/** IPv6 addresses as they are in a URL. */
function bracketed(host: string): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host.toLowerCase()}]` : host.toLowerCase();
}

export type OwnAuthorities = ReturnType<typeof openOwnAuthorities>;
