// Reads the enrollment token from its source, and rejects malformed ones before anything is sent.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { TICKET_PREFIX, TOKEN_PREFIX, tokenValueError } from "@attacklens/protocol/token-value.ts";
import { readOperatorFile } from "../operator-file.ts";
import { SensorError } from "../sensor-error.ts";

const MAX_BYTES = 4_096;
/** Name of the systemd credential, as in LoadCredential=attacklens-token:FILE. */
const CREDENTIAL = "attacklens-token";

/** For hints. */
export const TOKEN_SOURCES = `--token-file FILE, --token - for standard input, the environment variable ATTACKLENS_TOKEN, or the systemd credential ${CREDENTIAL}`;

export interface TokenSources {
  flag?: string | undefined;
  file?: string | undefined;
  environment?: string | undefined;
  /** The folder of systemd's credentials. */
  credentials?: string | undefined;
  readStandardInput: () => Promise<string>;
}

/** Returns the token, well-formed. Throws SensorError, which never contains the token. */
export async function readToken(
  sources: TokenSources,
): Promise<{ token: string; warning: string | undefined }> {
  const given = listSources(sources);
  if (given.length === 0)
    throw new SensorError("usage", "Cannot enroll sensor: no token was given", `use ${TOKEN_SOURCES}`);
  if (given.length > 1)
    throw new SensorError(
      "usage",
      "Cannot enroll sensor: more than one token was given",
      `give one token with ${TOKEN_SOURCES}`,
    );
  const { text, warning, file } = await readSource(sources);
  const token = text.trim();
  const prefix = token.startsWith(TICKET_PREFIX) ? TICKET_PREFIX : TOKEN_PREFIX;
  const error = token === "" ? "is empty" : tokenValueError(token, prefix);
  if (error === undefined) return { token, warning };
  const subject = token === "" && file !== undefined ? `token file ${file}` : "token";
  throw new SensorError(
    "tokenRefused",
    `Cannot enroll sensor: the ${subject} ${error}; nothing was sent`,
    "copy the complete token again",
  );
}

export function hasToken(sources: TokenSources): boolean {
  return listSources(sources).length > 0;
}

function listSources({ flag, file, environment, credentials }: TokenSources): string[] {
  return [flag, file, environment, findCredential(credentials)].filter((source) => source !== undefined);
}

/** The path of the token in the folder of systemd's credentials; undefined: it is not there. */
function findCredential(folder: string | undefined): string | undefined {
  const path = folder === undefined ? undefined : join(folder, CREDENTIAL);
  return path !== undefined && existsSync(path) ? path : undefined;
}

interface TokenText {
  text: string;
  warning: string | undefined;
  /** The path of the file that it is from. */
  file?: string;
}

async function readSource(sources: TokenSources): Promise<TokenText> {
  const { flag, environment, readStandardInput } = sources;
  const file = sources.file ?? findCredential(sources.credentials);
  if (file !== undefined) return readTokenFile(file);
  if (flag === "-") return { text: await readStandardInput(), warning: undefined };
  if (flag === undefined) return { text: environment ?? "", warning: undefined };
  return {
    text: flag,
    warning: "a token on the command line is visible in the process list; use --token-file instead",
  };
}

function readTokenFile(path: string): TokenText {
  const { text, isForOthers } = readOperatorFile(path, "token file", MAX_BYTES);
  const warning = isForOthers ? `other users can read ${path}; protect the token with chmod 600` : undefined;
  return { text, warning, file: path };
}
