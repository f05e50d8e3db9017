// The commands that fetch a sensor from the server and install it. With a private CA, they first fetch its
// certificate over a connection that proves nothing and compare its SHA-256. Only then do they trust it, and
// only it. So nothing runs that the server did not send.
import { quotePowerShell, quoteShellIfNeeded } from "./quote.ts";

export interface InstallTarget {
  /** Origin of the server for sensors. */
  server: string;
  /** Null: the system's trusted CAs are used. */
  caPin: string | null;
  /** SHA-256 of `/download/ca.pem`. Null: the same. */
  caSha256: string | null;
  /** `http://` or `https://`, without credentials, which the process list would show. Absent: none. */
  proxy?: string | null;
}

export interface ShellOptions {
  /** Options of the installation, as shell words, e.g. `--token-file token.txt`. */
  options?: string;
  /** macOS has shasum, not sha256sum, and no apt. */
  system?: "linux" | "darwin";
  /** The shell is that of root, so the text needs no sudo. */
  asRoot?: boolean;
}

/** In Debian and Ubuntu, also where neither curl nor wget is installed. */
const APT_HELPER = "/usr/lib/apt/apt-helper";
const CA = '"$d/ca.pem"';

/**
 * For a POSIX shell of root, or of a user who may use sudo. It needs curl, wget or apt, and no openssl. The
 * script is a file and no pipe, so that standard input remains for a token.
 */
export function shellInstallCommand(target: InstallTarget, choices: ShellOptions = {}): string {
  const { options = "", system = "linux", asRoot = false } = choices;
  const run = [asRoot ? "sh" : "$(command -v sudo) sh", '"$d/install.sh"', '--server "$s"', pinOption(target)]
    .concat(target.proxy ? '--proxy "$https_proxy"' : "", options)
    .filter((word) => word !== "")
    .join(" ");
  const file = { path: "/install.sh", name: "install.sh" };
  return shellDownloadCommand(target, { file, system, commands: [run] });
}

/** `--ca-pin sha256:…`, or nothing. */
export function pinOption({ caPin }: InstallTarget): string {
  return caPin === null ? "" : `--ca-pin ${caPin}`;
}

interface ShellDownload {
  /** Its path on the server and its name in the folder `$d`. Both may use variables of `begin`. */
  file: { path: string; name: string };
  system?: "linux" | "darwin";
  /** Assignments before the download. */
  begin?: string[];
  /** Commands that use the file. It is deleted afterwards. */
  commands: string[];
}

/** Fetches a file into a temporary folder and runs commands on it. Each runs only if the ones before did. */
export function shellDownloadCommand(target: InstallTarget, download: ShellDownload): string {
  const { file, system = "linux", begin = [], commands } = download;
  const { server, caSha256, proxy } = target;
  return inSubshell([
    `s=${quoteShellIfNeeded(server)}`,
    ...(caSha256 === null ? [] : [`h=${caSha256}`]),
    ...(proxy ? [`export https_proxy=${quoteShellIfNeeded(proxy)}`] : []),
    ...begin,
    `d=$(mktemp -d) && trap 'rm -rf "$d"' EXIT`,
    ...(caSha256 === null ? [] : fetchCa(system)),
    fetchFile(`"$s${file.path}"`, `"$d/${file.name}"`, { system, hasCa: caSha256 !== null }),
    ...commands,
  ]);
}

type System = "linux" | "darwin";
const apt = (system: System, words: string) => (system === "linux" ? [`${APT_HELPER} ${words}`] : []);

function fetchCa(system: System): string[] {
  const url = '"$s/download/ca.pem?sha256=$h"';
  return [
    anyOf([
      `curl -fsSk -o ${CA} ${url}`,
      `wget -q --no-check-certificate -O ${CA} ${url}`,
      ...apt(system, `-o Acquire::https::Verify-Peer=false download-file ${url} ${CA}`),
    ]),
    `echo "$h  $d/ca.pem" | ${system === "darwin" ? "shasum -a 256 -c -" : "sha256sum -c -"}`,
  ];
}

function fetchFile(url: string, path: string, { system, hasCa }: { system: System; hasCa: boolean }): string {
  if (!hasCa)
    return anyOf([
      `curl -fsS -o ${path} ${url}`,
      `wget -q -O ${path} ${url}`,
      ...apt(system, `download-file ${url} ${path}`),
    ]);
  // The folder has only this CA. Some versions of curl and wget trust the system's folder as well.
  return anyOf([
    `curl -fsS --cacert ${CA} --capath "$d" -o ${path} ${url}`,
    `wget -q --ca-certificate=${CA} --ca-directory="$d" -O ${path} ${url}`,
    ...apt(system, `-o Acquire::https::CaInfo=${CA} download-file ${url} ${path}`),
  ]);
}

/** In parentheses: the shell reads all lines before it runs the first, and keeps no variable. */
function inSubshell(steps: string[]): string {
  return ["(", steps.join(" &&\n").replaceAll(/^/gm, "  "), ")"].join("\n");
}

const anyOf = (ways: string[]) => `{ ${ways.join(" ||\n  ")}; }`;

/**
 * For Windows PowerShell 5.1, as an administrator. `options` as in `-TokenFile token.txt`. One block: pasted
 * lines would go on after a line that throws, and trust another CA than the expected one.
 */
export function powerShellInstallCommand(target: InstallTarget, options = ""): string {
  const { server, caPin, caSha256, proxy } = target;
  const by = proxy ? ` --proxy ${quotePowerShell(proxy)}` : "";
  const download = (flags: string, name: string, path: string) =>
    `curl.exe ${flags}${by} -o "$d\\${name}" ${quotePowerShell(server + path)}`;
  const run = [
    'powershell -ExecutionPolicy Bypass -File "$d\\install.ps1"',
    `-Server ${quotePowerShell(server)}`,
    caPin === null ? "" : `-CaPin ${caPin}`,
    proxy ? `-Proxy ${quotePowerShell(proxy)}` : "",
    options,
  ];
  const trust =
    caSha256 === null
      ? []
      : [
          download("-fsSk", "ca.pem", `/download/ca.pem?sha256=${caSha256}`),
          `if ((Get-FileHash "$d\\ca.pem").Hash -ne '${caSha256}') { throw 'The CA of the server is not the expected one.' }`,
        ];
  const flags = caSha256 === null ? "-fsS" : '-fsS --ssl-no-revoke --cacert "$d\\ca.pem"';
  const steps = [
    ...trust,
    download(flags, "install.ps1", "/install.ps1"),
    "if ($LASTEXITCODE -ne 0) { throw 'The installation script could not be downloaded.' }",
    run.filter((word) => word !== "").join(" "),
  ];
  return [
    "& {",
    "  $ErrorActionPreference = 'Stop'",
    '  $d = (New-Item -ItemType Directory "$env:TEMP\\attacklens-$(New-Guid)").FullName',
    "  try {",
    ...steps.map((step) => `    ${step}`),
    "  } finally { Remove-Item -Recurse -Force $d }",
    "}",
  ].join("\n");
}
