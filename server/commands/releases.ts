// attacklens releases: manages the releases that this server offers to hosts, on the server host.
import { type ParseArgsConfig, parseArgs } from "node:util";
import { ReleaseError } from "@attacklens/protocol/releases/verify-release.ts";
import { ConfigError, readConfig } from "../config.ts";
import { addRelease } from "../releases/add-release.ts";
import {
  listReleases,
  removeRelease,
  type StoredRelease,
  trustRootKeys,
} from "../releases/manage-releases.ts";
import { newKey, sign, signKeys } from "./sign-releases.ts";

export const RELEASES_USAGE = `Usage:
  attacklens releases add [--data DIR] FOLDER|FILE...
  attacklens releases list [--data DIR] [--json]
  attacklens releases remove [--data DIR] VERSION|COUNTER
  attacklens releases trust [--data DIR] FILE

The server offers the newest release to hosts that install a sensor, without access to the internet:
/install.sh, /install.ps1 and /download/. A running server offers it at once.

add verifies the signatures, sizes and hashes of a release, and stores its files in the data folder.
Name the folder with manifest.json and the programs, for example that of a USB stick, or the files
themselves. The server offers only the files that you add. You can repeat the command.

list shows the stored releases, the newest first. remove deletes one.

trust lets this server accept releases of another publisher, for example your own builds. FILE has
the public root keys, as protocol/releases/root-keys.json. Compare the printed keys with those that
the publisher announces.

For the publisher of a release:
  attacklens releases new-key [--passphrase] FILE
  attacklens releases sign-keys --root FILE... --serial N [--days N] --out FILE PUBLIC-KEY...
  attacklens releases sign --key FILE --keys FILE --counter N [--version VERSION] [--days N]
                           [--out FILE] FOLDER|FILE...

new-key writes a new private key to FILE and prints its public key. --passphrase encrypts it with a
passphrase, which is read from the terminal or from standard input.

sign-keys signs a list of release keys, which are valid for N days (default: 365), with one or more
root keys. A list with a higher serial replaces the earlier ones.

sign writes manifest.json for the programs and packages of a release, which expires after N days
(default: 365). The counter must be higher than that of any earlier manifest.
`;

const text = { type: "string" } as const;

export async function releasesCommand([verb, ...args]: string[]): Promise<number> {
  try {
    await run(verb, args);
    return 0;
  } catch (error) {
    if (error instanceof ReleaseError)
      throw new Error(`Cannot use the release: ${error.message}\nhint: ${error.hint}`, { cause: error });
    throw error;
  }
}

async function run(verb: string | undefined, args: string[]): Promise<void> {
  switch (verb) {
    case "add":
      return await add(args);
    case "list":
      return await list(args);
    case "remove":
      return await remove(args);
    case "trust":
      return trust(args);
    case "new-key":
      return await newKey(args);
    case "sign-keys":
      return await signKeys(args);
    case "sign":
      return await sign(args);
    default:
      throw new ConfigError(
        `${verb === undefined ? "releases needs a command" : `There is no command ${JSON.stringify(`releases ${verb}`)}`}\nhint: attacklens releases --help lists the commands`,
      );
  }
}

async function add(args: string[]): Promise<void> {
  const { values, positionals } = parseFlags(args, { data: text });
  if (positionals.length === 0)
    throw new ConfigError(
      "releases add needs a folder or files, e.g. attacklens releases add /media/usb/dist",
    );
  const { manifest, added, present } = await addRelease({
    dataDir: dataDirOf(values.data),
    sources: positionals,
    now: Date.now(),
    onFile: ({ name, size }) => console.log(`adding ${name}, ${Math.ceil(size / 1e6)} MB`),
  });
  const before = present.length > 0 ? `, ${present.length} stored before` : "";
  console.log(`release ${manifest.version} (counter ${manifest.counter}): ${added.length} added${before}`);
  const missing = manifest.files.length - added.length - present.length;
  if (missing > 0) console.log(`${missing} other files of the release are not in what you named`);
}

async function list(args: string[]): Promise<void> {
  const { values } = parseFlags(args, { data: text, json: { type: "boolean" } }, 0);
  const releases = await listReleases(dataDirOf(values.data));
  if (values.json) console.log(JSON.stringify(releases, null, 2));
  else if (releases.length === 0)
    console.log("No release is stored. attacklens releases add FOLDER adds one.");
  for (const release of values.json ? [] : releases) console.log(describe(release, Date.now()));
}

function describe({ counter, manifest, problem, files, isCurrent }: StoredRelease, now: number): string {
  if (!manifest) return `counter ${counter}: not offered, ${problem}`;
  const { version, created, expires } = manifest;
  const offered = isCurrent ? "offered to new hosts" : "offered to hosts that ask for it";
  const end = Date.parse(expires) > now ? `updates until ${expires}` : `no updates, expired at ${expires}`;
  const lines = files.map(({ name, size }) => `  ${name}, ${Math.ceil(size / 1e6)} MB`);
  const title = `${version} (counter ${counter}): ${offered}; created ${created}; ${end}`;
  return [title, `  ${files.length} of ${manifest.files.length} files`, ...lines].join("\n");
}

async function remove(args: string[]): Promise<void> {
  const { values, positionals } = parseFlags(args, { data: text }, 1);
  const counters = await removeRelease(dataDirOf(values.data), positionals[0]!);
  for (const counter of counters) console.log(`removed the release with the counter ${counter}`);
}

function trust(args: string[]): void {
  const { values, positionals } = parseFlags(args, { data: text }, 1);
  const added = trustRootKeys(dataDirOf(values.data), positionals[0]!);
  for (const key of added) console.log(`trusted from now on: ${key}`);
  if (added.length === 0) console.log("all of these keys were trusted before");
}

function dataDirOf(data: string | undefined): string {
  return readConfig(data === undefined ? [] : ["--data", data]).dataDir;
}

/** `count`: how many words the command takes beside its options; absent: any number. */
function parseFlags<const O extends NonNullable<ParseArgsConfig["options"]>>(
  args: string[],
  options: O,
  count?: number,
) {
  let parsed: ReturnType<typeof parseArgs<{ args: string[]; options: O; allowPositionals: true }>>;
  try {
    parsed = parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw new ConfigError((error as Error).message.split(". ")[0]);
  }
  if (count === undefined || parsed.positionals.length === count) return parsed;
  throw new ConfigError(
    `the command takes ${count === 0 ? "no name" : "one name"}, and ${parsed.positionals.length} were given`,
  );
}
