// What the deploy guides need to know of this installation, and what keeps their commands from working.
import type { listGuides } from "@attacklens/protocol/deploy-guides/deploy-guides.ts";
import type { DeployFacts } from "@attacklens/protocol/deploy-guides/guide.ts";
import { RELEASE } from "@attacklens/protocol/version.ts";
import { type Connection, targetOf } from "./sensor-commands.ts";

type Needs = ReturnType<typeof listGuides>[number]["needs"];

/** `origin`: the address of the console. `proxy`: as `readProxy` returns it. */
export function deployFactsOf(connection: Connection, origin: string, proxy?: string): DeployFacts {
  const { server, caPin } = targetOf(connection, origin);
  return {
    server,
    caPin,
    // Without a pin, the address is plain HTTP, or the certificate is not the private CA's.
    caSha256: caPin === null ? null : connection.caSha256,
    proxy: proxy ?? null,
    version: connection.release?.version ?? RELEASE,
  };
}

/** The targets that the server has a file for. Null: no release was added. */
export function offeredTargets({ release }: Connection, needs: Needs): string[] | null {
  if (release === null) return null;
  const found = release.files.filter(
    ({ format, target }) => format === needs.format && needs.targets.includes(target),
  );
  return found.map(({ target }) => target);
}

/** The address of a proxy with its port, or why the text has none. Credentials would be in the page's URL. */
export function readProxy(text: string): { proxy: string | undefined; error?: string } {
  const trimmed = text.trim();
  if (trimmed === "") return { proxy: undefined };
  const withScheme = trimmed.includes("://") ? trimmed : `http://${trimmed}`;
  const url = URL.canParse(withScheme) ? new URL(withScheme) : undefined;
  if (
    !url ||
    !/^https?:$/.test(url.protocol) ||
    url.hostname === "" ||
    !/^\/?$/.test(url.pathname + url.search)
  )
    return { proxy: undefined, error: "Enter an address such as http://proxy.example.com:3128." };
  if (url.username || url.password)
    return { proxy: undefined, error: "Leave out the credentials. The guide says where to enter them." };
  // With its port: programs disagree about the port of an address without one.
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  return { proxy: `${url.protocol}//${url.hostname}:${port}` };
}
