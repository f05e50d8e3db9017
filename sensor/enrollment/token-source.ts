// Reads the enrollment token from its source, and rejects malformed ones before anything is sent.
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { errnoCode } from "@attacklens/protocol/errno-code.ts";
import { TICKET_PREFIX, TOKEN_PREFIX, tokenValueError } from "@attacklens/protocol/token-value.ts";
import { SensorError } from "../sensor-error.ts";

const MAX_BYTES = 4_096;

export interface TokenSources {
  flag?: string | undefined;
  file?: string | undefined;
  environment?: string | undefined;
  readStandardInput: () => Promise<string>;
}

/** Returns the token, well-formed. Throws SensorError, which never contains the token. */
export async function readToken(
  sources: TokenSources,
): Promise<{ token: string; warning: string | undefined }> {
  const given = [sources.flag, sources.file, sources.environment].filter((source) => source !== undefined);
  const how = "--token-file FILE, --token - for standard input, or the environment variable ATTACKLENS_TOKEN";
  if (given.length === 0)
    throw new SensorError("usage", "Cannot enroll sensor: no token was given", `use ${how}`);
  if (given.length > 1)
    throw new SensorError(
      "usage",
      "Cannot enroll sensor: more than one token was given",
      `give one token with ${how}`,
    );
  const { text, warning } = await readSource(sources);
  const token = text.trim();
  const prefix = token.startsWith(TICKET_PREFIX) ? TICKET_PREFIX : TOKEN_PREFIX;
  const error = token === "" ? "is empty" : tokenValueError(token, prefix);
  if (error === undefined) return { token, warning };
  throw new SensorError(
    "tokenRefused",
    `Cannot enroll sensor: the token ${error}; nothing was sent`,
    "copy the complete token again",
  );
}

async function readSource({ flag, file, environment, readStandardInput }: TokenSources) {
  if (file !== undefined) return readTokenFile(file);
  if (flag === "-") return { text: await readStandardInput(), warning: undefined };
  if (flag === undefined) return { text: environment ?? "", warning: undefined };
  return {
    text: flag,
    warning: "a token on the command line is visible in the process list; use --token-file instead",
  };
}

function readTokenFile(path: string): { text: string; warning: string | undefined } {
  let file: number;
  try {
    // Opening a FIFO would block. Windows has neither FIFOs nor the flag.
    file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    const missing = errnoCode(error) === "ENOENT";
    throw new SensorError(
      "usage",
      `Cannot read the token file ${path}: ${missing ? "it does not exist" : (error as Error).message}`,
    );
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile() || stat.size > MAX_BYTES) {
      throw new SensorError(
        "usage",
        `Cannot read the token file ${path}: it is not a file of at most ${MAX_BYTES} bytes`,
      );
    }
    const open = process.platform !== "win32" && (stat.mode & 0o077) !== 0;
    const warning = open ? `other users can read ${path}; protect the token with chmod 600` : undefined;
    return { text: readFileSync(file, "utf8"), warning };
  } finally {
    closeSync(file);
  }
}
