// The server that a command calls, and its credentials: flags first, then the environment. No flag contains a
// key, because process lists show arguments.
import { readClientSettings } from "../config.ts";
import { readOperatorFile, readPemFile } from "../operator-file.ts";
import { type ApiSession, openApiSession } from "./api-session.ts";
import { CommandError } from "./command-error.ts";
import { readPassword } from "./read-password.ts";

export const CONNECTION_FLAGS = {
  server: { type: "string" },
  ca: { type: "string" },
  "api-key-file": { type: "string" },
  "sign-in": { type: "string" },
  json: { type: "boolean" },
} as const;

/** The help of these flags. */
export const CONNECTION_HELP = `Server and credentials:
  --server URL, or ATTACKLENS_URL             https://..., or http://127.0.0.1:8080 on this host
  --ca FILE                                   trusts these certificates instead of the system's
  --api-key-file FILE, or ATTACKLENS_API_KEY  uses an API key
  --sign-in EMAIL                             signs in for this command. The password is prompted
                                              for, or read from standard input`;

interface Connection {
  server?: string | undefined;
  ca?: string | undefined;
  "api-key-file"?: string | undefined;
  "sign-in"?: string | undefined;
}

/** Throws CommandError. */
export async function openSession(flags: Connection): Promise<ApiSession> {
  const settings = readClientSettings();
  const url = flags.server ?? settings.url;
  if (url === undefined)
    throw new CommandError("usage", "Missing server address: use --server or set ATTACKLENS_URL");
  const ca = flags.ca === undefined ? undefined : read(flags.ca, readPemFile);
  const file = flags["api-key-file"];
  const email = flags["sign-in"];
  if (email !== undefined) {
    const password = await readPassword(`Password for ${email}: `);
    return await openApiSession({ url, ca, auth: { email, password } });
  }
  const apiKey = file === undefined ? settings.apiKey : read(file, readOperatorFile).trim();
  if (!apiKey)
    throw new CommandError(
      "denied",
      "Cannot call the server: no API key is given",
      "set ATTACKLENS_API_KEY, or use --api-key-file FILE or --sign-in EMAIL",
    );
  return await openApiSession({ url, ca, auth: { apiKey } });
}

function read(path: string, readFile: (path: string) => string): string {
  try {
    return readFile(path);
  } catch (error) {
    const [message = "", hint] = (error as Error).message.split("\nhint: ");
    throw new CommandError("usage", message, hint);
  }
}
