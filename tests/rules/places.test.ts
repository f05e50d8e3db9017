// CONTRIBUTING.md, "One place for each thing": SQL, dialects, environment, terminal, TLS.
import { test } from "bun:test";
import { CODE, expectNone, importsAmong, linesMatching } from "./sources.ts";

const SERVER = CODE.filter((file) => file.startsWith("server/"));
const PROGRAMS = CODE.filter((file) => /^(protocol|server|console|sensor)\//.test(file));
const mayQuery = (file: string) => /^server\/(db\/|.*-store\.ts$)/.test(file);
/** The log goes to standard error. */
const mayUseTerminal = (file: string) =>
  /^(server|sensor)\/(main\.ts$|commands\/)/.test(file) || file === "server/log.ts";
const mayReadEnvironment = (file: string) => file === "server/config.ts" || file === "sensor/settings.ts";

test("SQL is only in stores and in server/db", () => {
  const packages = ["kysely", "pg", "bun:sqlite"];
  const imports = importsAmong(SERVER)
    .filter(({ from, to, isPackage }) => isPackage && packages.includes(to) && !mayQuery(from))
    .map(({ from, to }) => `${from} imports ${to}`);
  const queries = SERVER.filter((file) => !mayQuery(file)).flatMap((file) =>
    linesMatching(file, /\.(selectFrom|insertInto|updateTable|deleteFrom|mergeInto)\(|\bsql`/),
  );
  expectNone("a developer who changes the schema does not find a query elsewhere", [...imports, ...queries]);
});

test("the dialects differ only in server/db", () => {
  const wrong = SERVER.filter((file) => !file.startsWith("server/db/")).flatMap((file) =>
    linesMatching(file, /SQLITE_|23505|\bPRAGMA\b|\bLISTEN\b|sqlite_master|pg_catalog/),
  );
  expectNone("code that depends on the dialect soon supports only one of them", wrong);
});

test("a route's requirements are in its declaration, and do not depend on its path", () => {
  const wrong = SERVER.filter((file) =>
    /^server\/(enrollment|check-in|sensors|inventory)\//.test(file),
  ).flatMap((file) => linesMatching(file, /\bpath\s*[!=]==|\.path\.(startsWith|endsWith|includes)\(/));
  expectNone("a rule by path is in no table: the API reference and the tests miss it", wrong);
});

test("the environment is read only in server/config.ts and sensor/settings.ts", () => {
  const wrong = PROGRAMS.filter((file) => !mayReadEnvironment(file)).flatMap((file) =>
    linesMatching(file, /\bprocess\.env\b|\bBun\.env\b|\bimport\.meta\.env\b/),
  );
  expectNone("a setting that is read elsewhere is not documented, and tests cannot set it", wrong);
});

test("a TLS connection verifies its server, regardless of the environment", () => {
  const requests = PROGRAMS.filter(
    (file) => !file.startsWith("console/") && file !== "protocol/verified-fetch.ts",
  ).flatMap((file) => linesMatching(file, /(?<![.\w])fetch\((?!request, server)|\bnew WebSocket\(/));
  const tls = ["node:tls", "node:https", "node:http2", "tls", "https", "http2"];
  // The first opens tunnels. The second only reads a certificate and sends nothing.
  const known = ["sensor/transport/proxy.ts", "sensor/transport/certificates.ts"];
  // It connects to the socket of a system's bus, which is a file.
  const unencrypted = ["sensor/collectors/services/unit-list.ts"];
  const imports = PROGRAMS.filter(
    (file) => !file.startsWith("console/") && ![...known, ...unencrypted].includes(file),
  ).flatMap((file) => linesMatching(file, new RegExp(`from "(${tls.join("|")})"|\\bBun\\.connect\\(`)));
  const sources = known.flatMap((file) =>
    linesMatching(file, /connectTls\(\{(?!.*rejectUnauthorized: true)/),
  );
  expectNone(
    "NODE_TLS_REJECT_UNAUTHORIZED=0 affects every call without rejectUnauthorized: use verifiedFetch",
    [
      ...requests,
      ...imports,
      ...sources.filter((line) => !line.startsWith("sensor/transport/certificates.ts")),
    ],
  );
});

test("only main.ts and commands/ use the terminal", () => {
  const wrong = PROGRAMS.filter((file) => !mayUseTerminal(file)).flatMap((file) =>
    linesMatching(
      file,
      /\bconsole\.(log|error|warn|info|debug)\(|\bprocess\.(stdout|stderr|stdin)\b|\bBun\.(stdin|stdout|stderr)\b/,
    ),
  );
  expectNone("code that prints cannot be reused: return the text, and let the command print it", wrong);
});

test("a program ends when its work is done, not with process.exit", () => {
  // The sensor flushes its output and then exits, even if its standard error is not read: the pending write
  // would keep it running.
  const wrong = PROGRAMS.filter((file) => file !== "sensor/main.ts").flatMap((file) =>
    linesMatching(file, /\bprocess\.exit\(/),
  );
  expectNone("process.exit leaves files half written and connections open", wrong);
});
