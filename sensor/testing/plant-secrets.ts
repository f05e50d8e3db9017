// Puts secrets into files, in the places where users put them. Each is unique, so that a test can say which
// one it found in a report, and where it was.

export interface Secrets {
  /** A new secret. `place` says where it goes. */
  make(place: string): string;
  /** Replaces each `SECRET` with a new one. */
  fill(text: string, place: string): string;
  count(): number;
  /** The places of the secrets that a text contains, whole or cut. */
  listIn(text: string): string[];
}

/** Letters and digits only, so that no encoding of a URL or of JSON changes them. */
const MARK = "zq9Secret";
/** Shorter ones could be in a text by chance. */
const CUT = MARK.slice(0, 5);

export function openSecrets(): Secrets {
  const places: string[] = [];
  const make = (place: string) => {
    places.push(place);
    return `${MARK}${places.length - 1}x`;
  };
  return {
    make,
    fill: (text, place) =>
      text
        .split("\n")
        .map((line) => line.replaceAll("SECRET", () => make(`${place}: ${line.trim().slice(0, 150)}`)))
        .join("\n"),
    count: () => places.length,
    listIn(text) {
      const found = [...text.matchAll(new RegExp(`.{0,60}${CUT}(?:cret(\\d+)x)?`, "gis"))];
      return found.map(([around, number]) => `${around} <- ${places[Number(number ?? -1)] ?? "?"}`);
    },
  };
}

/** Lines in the syntax of many programs. */
export const LINES = `
# a comment SECRET
; a comment SECRET
// a comment SECRET
-- SECRET
zq_unknown = SECRET
zq_unknown: SECRET
zq-unknown SECRET
password=SECRET
Password: SECRET
password SECRET
PASSWORD='SECRET'
export DB_PASSWORD="SECRET"
setenv TOKEN SECRET
set $token SECRET;
options module key=SECRET
install module /bin/sh -c "tool SECRET"
--password=SECRET -pSECRET --token SECRET
requirepass SECRET
psk=SECRET
machine host login user password SECRET
user:SECRET@host.example
https://user:SECRET@host.example/path
http_proxy=http://user:SECRET@proxy.example:3128
deb https://user:SECRET@host.example/debian stable main
//user:SECRET@files.example/share /mnt cifs password=SECRET 0 0
Authorization: Bearer SECRET
Authorization: Basic SECRET
//registry.example/:_authToken=SECRET
user:$6$SECRET$SECRET:19000:0:99999:7:::
Environment=PASSWORD=SECRET "TOKEN=SECRET" 'KEY=SECRET'
ExecStartPre=/usr/bin/tool --password=SECRET -pSECRET \\
  --token SECRET
ExecReload="/usr/bin/tool --password=SECRET"
0 3 * * * root /usr/bin/tool --password=SECRET -pSECRET
0 3 * * * /usr/bin/tool -pSECRET SECRET
0 3 * * * PASSWORD=SECRET /usr/bin/tool
command="/usr/bin/tool SECRET",environment="TOKEN=SECRET" ssh-ed25519 AAAASECRET SECRET
auth required pam_exec.so /usr/bin/tool --password=SECRET
anna ALL=(root) /usr/bin/tool --password=SECRET
permit setenv { PASSWORD=SECRET } anna cmd tool args SECRET
SetEnv PASSWORD=SECRET
<!-- SECRET -->
<password>SECRET</password><user name="x" password="SECRET"/>
{"password": "SECRET"}
-----BEGIN PRIVATE KEY-----
SECRET
-----END PRIVATE KEY-----
`;

/** The kernel shows one value there, and no other line: the name of a process. */
export const ONE_VALUE = /^\/proc\/\d+\/comm$/;

/** A file that exists, with more secrets in it. */
export function plant(content: Buffer, path: string, secrets: Secrets): Buffer {
  const text = content.toString("utf8");
  const isBinary =
    !Buffer.from(text).equals(content) || (text.includes("\0") && !/\/(?:environ|cmdline)$/.test(path));
  // Many formats end where their header says. The others take it for a damaged record.
  if (isBinary) return Buffer.concat([content, Buffer.from(secrets.make(`${path}: after the end`))]);
  const filled = secrets.fill(text, path);
  if (/\/(?:environ|cmdline)$/.test(path))
    return Buffer.from(
      `${filled}${secrets.fill("PASSWORD=SECRET\0--password=SECRET\0-pSECRET\0SECRET\0", path)}`,
    );
  const json = parseJson(filled);
  if (json !== undefined) return Buffer.from(JSON.stringify(withSecrets(json, path, secrets)));
  const urls = filled.replace(
    /(https?:\/\/)(?=[\w.-]+[/:\s])/g,
    (start) => `${start}user:${secrets.make(`${path}: ${start}`)}@`,
  );
  return Buffer.from(`${urls}${secrets.fill(LINES, path)}`);
}

function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** In each object, fields that no collector knows. In each list of texts, an argument and a variable. */
function withSecrets(value: unknown, path: string, secrets: Secrets): unknown {
  const secret = () => secrets.make(`${path}: JSON`);
  if (Array.isArray(value)) return value.map((each) => withSecrets(each, path, secrets));
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).map(([name, each]) => [name, withSecrets(each, path, secrets)]);
  return {
    ...Object.fromEntries(fields),
    password: secret(),
    zqUnknown: { token: secret() },
    ...("Env" in value ? {} : { Env: [`PASSWORD=${secret()}`], env: [`TOKEN=${secret()}`] }),
    ...("Args" in value ? {} : { Args: [`--password=${secret()}`, `-p${secret()}`], args: [secret()] }),
  };
}
