// nginx in front of our server, as in production: it terminates TLS and passes requests on. Uses the nginx in
// PATH, otherwise Debian's package if we may install it.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findOrInstall } from "../../harness/debian.ts";
import { waitUntil } from "../../harness/wait-until.ts";
import { isListening } from "./listening.ts";

export interface Nginx extends AsyncDisposable {
  /** `https://127.0.0.1:8443` */
  url: string;
}

export interface NginxOptions {
  /** For the files of nginx. */
  folder: string;
  port: number;
  /** PEM. */
  tls: { cert: string; key: string };
  /** The URL that requests are passed on to. */
  upstream: string;
  /** The source address of requests to the upstream. Absent: the system selects it. */
  from?: string;
}

const START_TIMEOUT_MS = 45_000;

/** Resolves when nginx listens. Throws with its log if it does not. */
export async function startNginx({ folder, port, tls, upstream, from }: NginxOptions): Promise<Nginx> {
  const program = await findOrInstall("nginx");
  mkdirSync(folder, { recursive: true });
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const log = join(folder, "error.log");
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${join(folder, name)};`,
  );
  const server = documentedServer({
    "listen 443 ssl;": `listen 127.0.0.1:${port} ssl;`,
    "listen [::]:443 ssl;": from === undefined ? "" : `proxy_bind ${from};`,
    "server_name attacklens.example.com;": "",
    "/etc/ssl/attacklens.pem": file("certificate.pem", tls.cert),
    "/etc/ssl/attacklens.key": file("key.pem", tls.key),
    "http://127.0.0.1:8080": upstream,
  });
  const configuration = file(
    "nginx.conf",
    `daemon off;
${process.getuid?.() === 0 ? "user root;" : ""}
pid ${join(folder, "nginx.pid")};
error_log ${log};
worker_processes 1;
events {}
http {
  access_log off;
  ${temporary.join(" ")}
  ${server}
}
`,
  );
  const child = Bun.spawn([program, "-p", folder, "-e", log, "-c", configuration], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
  });
  let hasEnded = false;
  void child.exited.then(() => {
    hasEnded = true;
  });
  const isUp = async () => hasEnded || (await isListening(port));
  const isInTime = await waitUntil("nginx listens", isUp, START_TIMEOUT_MS).catch(() => false);
  if (!isInTime || hasEnded) {
    child.kill("SIGTERM");
    throw new Error(`Cannot start nginx:\n${existsSync(log) ? readFileSync(log, "utf8") : ""}`);
  }
  return {
    url: `https://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.exited;
    },
  };
}

/**
 * Returns the server block in docs/operate.md with other values. Throws if the page lacks one of the
 * originals.
 */
function documentedServer(values: Record<string, string>): string {
  const page = readFileSync(join(import.meta.dir, "../../docs/operate.md"), "utf8");
  let block = /```nginx\n([\s\S]*?)```/.exec(page)?.[1] ?? "";
  for (const [documented, value] of Object.entries(values)) {
    if (!block.includes(documented)) throw new Error(`docs/operate.md has no ${documented} for nginx`);
    block = block.replace(documented, () => value);
  }
  return block;
}
