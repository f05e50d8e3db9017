// attacklens audit on the server's database: transcripts.
import { expect, spyOn, test } from "bun:test";
import { join } from "node:path";
import { type AuditEvent, recordAuditEvents } from "../audit/audit.ts";
import { inTransaction } from "../db/transaction.ts";
import { createTestDatabase, drawDialects, type TestDatabase } from "../testing/test-world.ts";
import { auditCommand } from "./audit.ts";

const PROGRAM =
  'import { main } from "./server/main.ts"; process.exit(await main(process.argv.slice(1), []));';

async function run({ location }: TestDatabase, ...args: string[]) {
  const { dataDir, databaseUrl } = location;
  const program = Bun.spawn([process.execPath, "--no-env-file", "-e", PROGRAM, "audit", ...args], {
    cwd: join(import.meta.dir, "../.."),
    env: {
      PATH: process.env.PATH ?? "",
      ...(databaseUrl ? { DATABASE_URL: databaseUrl } : { ATTACKLENS_DATA: dataDir }),
    },
    ...({ stdout: "pipe", stderr: "pipe" } as const),
  });
  const [stdout, stderr] = await Promise.all([
    new Response(program.stdout).text(),
    new Response(program.stderr).text(),
  ]);
  return { exit: await program.exited, stdout, stderr };
}

const event = (name: string): AuditEvent => ({
  at: Date.parse("2026-11-24T09:00:00Z"),
  actor: { type: "user", id: "usr_1", name: "Ada", address: "192.0.2.1" },
  action: "asset-group.renamed",
  entity: { type: "asset-group", id: "grp_1", name },
  details: { before: { name: "EU" }, after: { name } },
});

test("the audit log is listed, exported and verified without a server", async () => {
  const [dialect] = drawDialects();
  await using database = await createTestDatabase(dialect!);
  const { db } = database;
  await inTransaction(db, (tx) => recordAuditEvents(tx, ["West", "South", "East"].map(event)));
  const intact = await run(database, "verify");
  expect(intact).toMatchObject({ exit: 0, stderr: "" });
  const [, noted = ""] = /^Verified 3 events: intact\.\nEnd of the log: (3:\w{64})\n$/.exec(intact.stdout)!;

  const exported = await run(database, "export", "--entity", "grp_1", "--to", "1h");
  const lines = exported.stdout.trim().split("\n");
  expect(lines.map((line) => JSON.parse(line)).map(({ entityName, type }) => entityName ?? type)).toEqual([
    ...["attacklens-audit-log", "East", "South", "West"],
  ]);

  await db.updateTable("auditEvent").set({ actorName: "\u001b[2JEve" }).where("sequence", "=", 2).execute();
  expect(await run(database, "verify", "--expect", noted)).toEqual({
    exit: 7,
    stdout: expect.stringMatching(
      /^Event 2 was changed: 2026-11-24T09:00:00\.000Z, \ufffd\[2JEve, Renamed asset group, South \(evt_\S+\)\nVerified 4 events\.\nEnd of the log: 4:\w{64}\n$/,
    ),
    stderr:
      "attacklens: The audit log was tampered with\nhint: keep a copy of the database as evidence, and compare it with a backup or an export\n",
  });
});

test("the list is a table, and a wrong option names itself", async () => {
  await using database = await createTestDatabase("sqlite");
  const { db, location } = database;
  await inTransaction(db, (tx) => recordAuditEvents(tx, ["West", "South", "East"].map(event)));
  using printed = spyOn(console, "log").mockImplementation(() => {});
  using reported = spyOn(console, "error").mockImplementation(() => {});
  const call = async (...args: string[]) => ({
    exit: await auditCommand([...args, "--data", location.dataDir]),
    stdout: printed.mock.calls.splice(0).join("\n"),
    stderr: reported.mock.calls.splice(0).join("\n"),
  });
  expect(await call("list", "--search", "south")).toEqual({
    exit: 0,
    stderr: "",
    stdout: [
      "NUMBER  TIME                      ACTOR  ADDRESS    ACTION               ENTITY  CHANGE",
      '2       2026-11-24T09:00:00.000Z  Ada    192.0.2.1  Renamed asset group  South   name: "EU" → "South"',
    ].join("\n"),
  });
  const noted = await call("verify", "--expect", `1:${"0".repeat(64)}`);
  expect(noted).toMatchObject({
    exit: 7,
    stdout: expect.stringContaining("Event 1 does not have the expected"),
  });
  for (const [args, message] of [
    [["verify", "--expect", "1"], "--expect must be NUMBER:HASH"],
    [["list", "--action", "none"], "--action must be actions"],
    [["list", "--from", "soon"], "--from must be a date and time"],
    [["forget"], "attacklens audit needs one of list, export and verify"],
  ] as const)
    expect(await call(...args)).toMatchObject({ exit: 2, stderr: expect.stringContaining(message) });
});
