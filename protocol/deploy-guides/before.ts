// "Before you start": what the host, the network and the operator need.
import { TOKEN_SETTINGS } from "../token-settings.ts";
import { type Block, type DeployFacts, list, paragraph } from "./guide.ts";

interface Needs {
  /** Which systems it works on, as sentences. */
  systems: string[];
  /** Rights on the hosts or in the tool, as a sentence. */
  rights: string;
  /** Further lines, for this tool. */
  also?: string[];
}

export const LINUX_SYSTEMS = [
  "Linux with systemd or OpenRC, on x64 or ARM64.",
  "With glibc: version 2.17 or later (RHEL 7, Debian 8, Ubuntu 14.04 or later). With musl, as on Alpine: run `apk add libstdc++` first.",
  "On x64, a CPU with SSE4.2 and POPCNT, made after 2010. In a virtual machine, the CPU type `host` or `x86-64-v2`.",
];
export const LINUX_SPACE =
  "250 MB of free disk space in `/var/lib`. The installation needs space for two copies of the program.";

export function beforeYouStart(facts: DeployFacts, { systems, rights, also = [] }: Needs): Block[] {
  const { server, caPin, proxy } = facts;
  return [
    list(
      ...systems,
      rights,
      `An outgoing connection from each host to \`${server}\` (TCP port ${portOf(server)}). No incoming connection. The sensor opens no port.`,
      proxy
        ? `The commands use the proxy \`${proxy}\`. It must allow CONNECT to this address. If it asks for credentials, include them in the address on the host, as in \`http://USER:PASSWORD@PROXY:PORT\`.`
        : "If hosts need a proxy, it must allow CONNECT to this address. In the console, enter the proxy above the guide. The commands then include it.",
      caPin === null
        ? "The hosts must trust the issuer of the server's certificate. A proxy that inspects TLS must not inspect this address."
        : "Nothing to install for the certificate: the commands contain the pin of the server's private CA. A proxy that inspects TLS must not inspect this address.",
      `Release ${facts.version} on the server. An operator of the server adds it once: \`attacklens releases add FOLDER\`.`,
      ...also,
    ),
    paragraph(
      `Create a token under **Sensors > Enrollment Tokens**, and keep its value in your password manager or vault. For short-lived hosts, such as auto-scaling, spot and CI instances, set **${TOKEN_SETTINGS.ephemeralHours.label}** on the token. The server then removes each sensor that has been offline for the number of hours that you choose.`,
    ),
  ];
}

export function portOf(server: string): string {
  const { port, protocol } = new URL(server);
  return port || (protocol === "http:" ? "80" : "443");
}
