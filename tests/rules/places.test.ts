// What may be done only in one place: style rule 4.
import { test } from "bun:test";
import { CODE, expectNone, importsAmong, linesMatching } from "./sources.ts";

const SERVER = CODE.filter((file) => file.startsWith("server/"));
const PROGRAMS = CODE.filter((file) => /^(protocol|server|console|sensor)\//.test(file));
const mayQuery = (file: string) => /^server\/(db\/|.*-store\.ts$)/.test(file);
/** The log is on standard error. */
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
  expectNone("a query elsewhere is found by nobody who changes the schema", [...imports, ...queries]);
});

test("the dialects differ only in server/db", () => {
  const wrong = SERVER.filter((file) => !file.startsWith("server/db/")).flatMap((file) =>
    linesMatching(file, /SQLITE_|23505|\bPRAGMA\b|\bLISTEN\b|sqlite_master|pg_catalog/),
  );
  expectNone("both databases or neither: who knows which one it is will soon support only that one", wrong);
});

test("what a route requires is in its declaration, not decided by its path", () => {
  const wrong = SERVER.filter((file) => /^server\/(sensors|inventory)\//.test(file)).flatMap((file) =>
    linesMatching(file, /\bpath\s*[!=]==|\.path\.(startsWith|endsWith|includes)\(/),
  );
  expectNone("a rule by path is in no table: neither the API reference nor a test knows of it", wrong);
});

test("the environment is read only in server/config.ts and sensor/settings.ts", () => {
  const wrong = PROGRAMS.filter((file) => !mayReadEnvironment(file)).flatMap((file) =>
    linesMatching(file, /\bprocess\.env\b|\bBun\.env\b|\bimport\.meta\.env\b/),
  );
  expectNone("a setting read elsewhere is documented nowhere, and tests cannot give it", wrong);
});

test("a connection by TLS verifies whom it reaches, whatever the environment says", () => {
  const requests = PROGRAMS.filter(
    (file) => !file.startsWith("console/") && file !== "protocol/verified-fetch.ts",
  ).flatMap((file) => linesMatching(file, /(?<![.\w])fetch\((?!request, server)|\bnew WebSocket\(/));
  const tls = ["node:tls", "node:https", "node:http2", "tls", "https", "http2"];
  // The first opens tunnels. The second only looks at a certificate, and sends nothing.
  const known = ["sensor/transport/proxy.ts", "sensor/transport/certificates.ts"];
  const imports = PROGRAMS.filter((file) => !file.startsWith("console/") && !known.includes(file)).flatMap(
    (file) => linesMatching(file, new RegExp(`from "(${tls.join("|")})"|\\bBun\\.connect\\(`)),
  );
  const sources = known.flatMap((file) =>
    linesMatching(file, /connectTls\(\{(?!.*rejectUnauthorized: true)/),
  );
  expectNone(
    "NODE_TLS_REJECT_UNAUTHORIZED=0 opens every call that does not name rejectUnauthorized: use verifiedFetch",
    [
      ...requests,
      ...imports,
      ...sources.filter((line) => !line.startsWith("sensor/transport/certificates.ts")),
    ],
  );
});

test("the terminal is read and written only in main.ts and commands/", () => {
  const wrong = PROGRAMS.filter((file) => !mayUseTerminal(file)).flatMap((file) =>
    linesMatching(
      file,
      /\bconsole\.(log|error|warn|info|debug)\(|\bprocess\.(stdout|stderr|stdin)\b|\bBun\.(stdin|stdout|stderr)\b/,
    ),
  );
  expectNone("what prints cannot be used by something else; return it, and let the command say it", wrong);
});

test("a program ends by running out of work, not by process.exit", () => {
  // After its output is flushed, it ends although nobody reads its standard error: the pending write would keep it running.
  const wrong = PROGRAMS.filter((file) => file !== "sensor/main.ts").flatMap((file) =>
    linesMatching(file, /\bprocess\.exit\(/),
  );
  expectNone("process.exit leaves files half written and connections open", wrong);
});
