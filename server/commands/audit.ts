// attacklens audit: lists, exports and verifies the audit log on the server host, with or without a running
// server.
import { AUDIT_ACTIONS } from "@attacklens/protocol/audit-actions.ts";
import { type AuditFilter, auditFilter } from "@attacklens/protocol/audit-events.ts";
import { issueText } from "@attacklens/protocol/issue-text.ts";
import { listAuditEvents } from "../audit/audit-events.ts";
import { exportEvents } from "../audit/audit-export.ts";
import { type ChainPlace, verifyChain } from "../audit/verify-chain.ts";
import { readConfig } from "../config.ts";
import { openExistingDatabase } from "../db/open.ts";
import type { Database } from "../db/schema.ts";
import { eventTable, reportText } from "./audit-text.ts";
import { CommandError } from "./command-error.ts";
import { parseFlags, reportErrors } from "./parse-flags.ts";
import { parseCount } from "./parse-when.ts";

export const AUDIT_USAGE = `Usage:
  attacklens audit list [FILTER]... [--limit N] [--json]       lists events, newest first
  attacklens audit export [FILTER]... [--format jsonl|csv]     writes all events to standard output
  attacklens audit verify [--expect NUMBER:HASH]... [--json]   verifies that no event was changed, removed,
                                                               inserted or swapped

Filters:
  --search TEXT        text in names, actions, addresses and values
  --actor ID           a user, API key, token or sensor
  --action ACTION,...  such as sensor.blocked,sensor.deleted
  --entity ID          the object that was changed
  --address ADDRESS    the client's IP address
  --from TIME          such as 2026-12-01T18:00:00Z, or 7d for the last seven days
  --to TIME

--data DIR, ATTACKLENS_DATA, and DATABASE_URL select the database, as for attacklens serve. An export is an
audit event.

verify prints the end of the log as NUMBER:HASH. Note it outside of the server: --expect then finds a log
that was rewritten as a whole. Exit codes: 0 intact, 7 tampered with, 1 failure, 2 usage error.

Actions: ${Object.keys(AUDIT_ACTIONS).join(", ")}
`;

const text = { type: "string" } as const;

const OPTIONS = {
  data: text,
  search: text,
  actor: text,
  action: text,
  entity: text,
  address: text,
  from: text,
  to: text,
  limit: text,
  format: text,
  expect: { type: "string", multiple: true },
  json: { type: "boolean" },
} as const;

type Flags = ReturnType<typeof parseFlags<typeof OPTIONS>>["values"];

const COMMANDS: Record<string, (db: Database, flags: Flags) => Promise<void>> = {
  list: listCommand,
  export: exportCommand,
  verify: verifyCommand,
};

export async function auditCommand(args: string[]): Promise<number> {
  return await reportErrors("audit", async () => {
    const { values, positionals } = parseFlags(args, OPTIONS);
    const [verb = "", ...others] = positionals;
    const run = Object.hasOwn(COMMANDS, verb) ? COMMANDS[verb] : undefined;
    if (!run || others.length > 0)
      throw new CommandError("usage", "attacklens audit needs one of list, export and verify");
    const db = await openExistingDatabase(
      readConfig(values.data === undefined ? [] : ["--data", values.data]),
    );
    try {
      await run(db, values);
    } finally {
      await db.destroy();
    }
  });
}

async function listCommand(db: Database, flags: Flags): Promise<void> {
  const limit = flags.limit === undefined ? 50 : parseCount(flags.limit, "--limit");
  const filter = filterOf(flags);
  const events = [];
  let cursor: string | undefined;
  do {
    const most = Math.min(200, limit - events.length);
    const page = await listAuditEvents(db, filter, { order: "desc", limit: most, cursor });
    events.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined && events.length < limit);
  if (flags.json) console.log(JSON.stringify(events, null, 2));
  else console.log(events.length === 0 ? "No events match." : eventTable(events));
}

async function exportCommand(db: Database, flags: Flags): Promise<void> {
  const { format = "jsonl" } = flags;
  if (format !== "jsonl" && format !== "csv")
    throw new CommandError("usage", "--format must be jsonl or csv");
  const actor = { type: "system", id: "command-line", name: "Command line" } as const;
  const filter = filterOf(flags);
  const output = Bun.stdout.writer();
  for await (const part of await exportEvents({ db, reads: db }, { format, filter, actor, at: Date.now() })) {
    output.write(part);
    await output.flush();
  }
  await output.end();
}

async function verifyCommand(db: Database, flags: Flags): Promise<void> {
  const report = await verifyChain(db, (flags.expect ?? []).map(parsePlace));
  console.log(flags.json ? JSON.stringify(report, null, 2) : reportText(report));
  if (report.findings.length > 0)
    throw new CommandError(
      "tampered",
      "The audit log was tampered with",
      "keep a copy of the database as evidence, and compare it with a backup or an export",
    );
}

/** Throws CommandError. */
function parsePlace(noted: string): ChainPlace {
  const [, sequence, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(noted) ?? [];
  if (sequence && hash) return { sequence: Number(sequence), hash };
  throw new CommandError("usage", "--expect must be NUMBER:HASH, as verify prints it");
}

const NAMES: Record<keyof AuditFilter & string, keyof Flags> = {
  ...{ q: "search", actorId: "actor", action: "action", entityId: "entity" },
  ...{ address: "address", from: "from", to: "to", actorType: "actor", entityType: "entity" },
};

/** Throws CommandError. */
function filterOf({ search, actor, action, entity, address, from, to }: Flags): AuditFilter {
  const given = {
    ...{ q: search, actorId: actor, action, entityId: entity, address },
    ...{ from: from && timeOf(from), to: to && timeOf(to) },
  };
  const parsed = auditFilter.safeParse(given, { error: issueText });
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const name = NAMES[String(issue.path[0]) as keyof AuditFilter];
  throw new CommandError("usage", `--${name} ${issue.message}`);
}

const UNITS_MS: Record<string, number> = { h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 };

/** `7d` is seven days ago. */
function timeOf(given: string): string {
  const [, count, unit] = /^(\d{1,5})([hdw])$/.exec(given) ?? [];
  if (!count || !unit) return given;
  return new Date(Date.now() - Number(count) * UNITS_MS[unit]!).toISOString();
}
