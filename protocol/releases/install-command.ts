// The commands that install a sensor from the server: they fetch the installation script and run it. With a
// private CA, they first fetch its certificate over a connection that proves nothing and compare its SHA-256.
// Only then do they trust it, and only it. So nothing runs that the server did not send.
import { quotePowerShell, quoteShellIfNeeded } from "./quote.ts";

export interface InstallTarget {
  /** Origin of the server for sensors. */
  server: string;
  /** Null: the system's trusted CAs are used. */
  caPin: string | null;
  /** SHA-256 of `/download/ca.pem`. Null: the same. */
  caSha256: string | null;
}

export interface ShellOptions {
  /** Options of the installation, as shell words, e.g. `--token-file token.txt`. */
  options?: string;
  /** macOS has shasum, not sha256sum, and no apt. */
  system?: "linux" | "darwin";
}

/** In Debian and Ubuntu, also where neither curl nor wget is installed. */
const APT_HELPER = "/usr/lib/apt/apt-helper";
const CA = '"$d/ca.pem"';
const SCRIPT = '"$d/install.sh"';

/**
 * For a POSIX shell of root, or of a user who may use sudo. It needs curl, wget or apt, and no openssl. The
 * script is a file and no pipe, so that standard input remains for a token.
 */
export function shellInstallCommand(target: InstallTarget, choices: ShellOptions = {}): string {
  const { options = "", system = "linux" } = choices;
  const { caPin, caSha256 } = target;
  const apt = (words: string) => (system === "linux" ? [`${APT_HELPER} ${words}`] : []);
  const names = [`s=${quoteShellIfNeeded(target.server)}`, caSha256 === null ? "" : `h=${caSha256}`];
  const begin = [...names, "d=$(mktemp -d)"].filter((word) => word !== "").join(" ");
  const pin = caPin === null ? "" : `--ca-pin ${caPin}`;
  const run = ["$(command -v sudo) sh", SCRIPT, '--server "$s"', pin, options]
    .filter((word) => word !== "")
    .join(" ");
  const url = '"$s/install.sh"';
  if (caSha256 === null) {
    const ways = [`curl -fsS -o ${SCRIPT} ${url}`, `wget -q -O ${SCRIPT} ${url}`];
    return join([begin, anyOf([...ways, ...apt(`download-file ${url} ${SCRIPT}`)]), run]);
  }
  const caUrl = '"$s/download/ca.pem?sha256=$h"';
  const untrusted = [
    `curl -fsSk -o ${CA} ${caUrl}`,
    `wget -q --no-check-certificate -O ${CA} ${caUrl}`,
    ...apt(`-o Acquire::https::Verify-Peer=false download-file ${caUrl} ${CA}`),
  ];
  const compare = `echo "$h  $d/ca.pem" | ${system === "darwin" ? "shasum -a 256 -c -" : "sha256sum -c -"}`;
  // The folder has only this CA. Some versions of curl and wget trust the system's folder as well.
  const trusted = [
    `curl -fsS --cacert ${CA} --capath "$d" -o ${SCRIPT} ${url}`,
    `wget -q --ca-certificate=${CA} --ca-directory="$d" -O ${SCRIPT} ${url}`,
    ...apt(`-o Acquire::https::CaInfo=${CA} download-file ${url} ${SCRIPT}`),
  ];
  return join([begin, anyOf(untrusted), compare, anyOf(trusted), run]);
}

/** Each step runs only if the ones before succeeded. */
const join = (steps: string[]) => steps.join(" &&\n");
const anyOf = (ways: string[]) => `{ ${ways.join(" ||\n  ")}; }`;

/** For Windows PowerShell 5.1, as an administrator. `options` as in `-TokenFile token.txt`. */
export function powerShellInstallCommand(target: InstallTarget, options = ""): string {
  const { caPin, caSha256 } = target;
  const server = quotePowerShell(target.server);
  const run = [
    'powershell -ExecutionPolicy Bypass -File "$d\\install.ps1"',
    `-Server ${server}`,
    caPin === null ? "" : `-CaPin ${caPin}`,
    options,
  ]
    .filter((word) => word !== "")
    .join(" ");
  const folder = '$d = (New-Item -ItemType Directory "$env:TEMP\\attacklens-$(New-Guid)").FullName';
  const url = (path: string) => quotePowerShell(target.server + path);
  if (caSha256 === null)
    return [folder, `curl.exe -fsS -o "$d\\install.ps1" ${url("/install.ps1")}`, run].join("\n");
  return [
    folder,
    `curl.exe -fsSk -o "$d\\ca.pem" ${url(`/download/ca.pem?sha256=${caSha256}`)}`,
    `if ((Get-FileHash "$d\\ca.pem").Hash -ne '${caSha256}') { throw 'The CA of the server is not the expected one.' }`,
    `curl.exe -fsS --ssl-no-revoke --cacert "$d\\ca.pem" -o "$d\\install.ps1" ${url("/install.ps1")}`,
    run,
  ].join("\n");
}
