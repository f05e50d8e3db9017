// What one may do with several rows at once: one question, then one call a row; what was refused is told by name.
import type { Can } from "@attacklens/protocol/page.ts";
import { notifications } from "@mantine/notifications";
import { type ReactNode, useState } from "react";
import { problemOf } from "../api.ts";
import { ActionButton } from "../ui/ActionButton.tsx";
import { ConfirmDialog } from "../ui/ConfirmDialog.tsx";
import { countOf } from "../ui/numbers.ts";
import { disabledReason } from "./disabled-reason.ts";

export interface BulkAction<Row> {
  /** The verb: `Revoke`. */
  verb: string;
  /** `revoked`. */
  done: string;
  can: (row: Row) => Can;
  run: (row: Row) => Promise<unknown>;
  /** What will happen to the rows, beyond the verb. */
  consequence: (rows: Row[]) => ReactNode;
  isDanger?: boolean;
  /** Offered only where a row that is chosen is one of these; absent: for all. */
  isFor?: (row: Row) => boolean;
  /** Asks and does: `Merge 3 pairs`. Absent: the verb and the number. */
  phrase?: (count: number) => string;
  /** The rows, where their names alone do not tell what is touched. */
  rowsAs?: (rows: Row[]) => ReactNode;
}

interface BulkActionsProps<Row> {
  rows: Row[];
  /** `Enrollment Token`. */
  noun: string;
  nameOf: (row: Row) => string;
  actions: readonly BulkAction<Row>[];
  /** After the last call: what is on the screen is fetched again. */
  onDone: () => Promise<unknown>;
  onClear: () => void;
}

const NAMES_SHOWN = 10;

export function BulkActions<Row>({ rows, noun, nameOf, actions, onDone, onClear }: BulkActionsProps<Row>) {
  const [asked, setAsked] = useState<{ action: BulkAction<Row>; possible: Row[]; left: Row[] }>();
  const ask = (action: BulkAction<Row>) => {
    const possible = rows.filter((row) => action.can(row).allowed);
    setAsked({ action, possible, left: rows.filter((row) => !possible.includes(row)) });
  };

  async function runAll({ action, possible }: NonNullable<typeof asked>) {
    const refused: string[] = [];
    for (const row of possible) {
      await action.run(row).catch((error: unknown) => {
        refused.push(`${nameOf(row)}: ${problemOf(error).detail}`);
      });
    }
    await onDone();
    const done = possible.length - refused.length;
    if (done > 0) notifications.show({ message: `${countOf(done, noun)} ${action.done}.` });
    if (refused.length > 0) throw new Error(`Not ${action.done}: ${refused.slice(0, NAMES_SHOWN).join(" ")}`);
    onClear();
  }

  const phrase = asked?.action.phrase?.(asked.possible.length);
  const leftOut = Map.groupBy(
    asked?.left ?? [],
    (row) => (asked && disabledReason(asked.action.can(row))) ?? "",
  );
  const offered = actions.filter(({ isFor }) => !isFor || rows.some(isFor));
  return (
    <>
      {offered.map((action) => {
        const subjects = action.isFor ? rows.filter(action.isFor) : rows;
        const reasons = subjects.map((row) => action.can(row)).filter(({ allowed }) => !allowed);
        const isImpossible = reasons.length === subjects.length;
        const none = isImpossible ? reasons[0] && disabledReason(reasons[0]) : undefined;
        return (
          <ActionButton
            key={action.verb}
            size="compact-sm"
            variant="default"
            {...(action.isDanger && !none ? { c: "var(--mantine-color-error)" } : {})}
            onClick={() => ask(action)}
            disabledReason={none}
          >
            {`${action.verb}…`}
          </ActionButton>
        );
      })}
      {asked && (
        <ConfirmDialog
          title={`${phrase ?? `${asked.action.verb} ${countOf(asked.possible.length, noun)}`}?`}
          action={phrase ?? `${asked.action.verb} ${asked.possible.length}`}
          {...(asked.action.rowsAs ? { size: 720 } : {})}
          isSafe={!asked.action.isDanger}
          onConfirm={() => runAll(asked)}
          onClose={() => setAsked(undefined)}
          errorText={(error) => problemOf(error).detail}
        >
          {asked.action.rowsAs?.(asked.possible) ?? (
            <p>
              <strong>{listed(asked.possible.map(nameOf))}</strong>
            </p>
          )}
          <p>{asked.action.consequence(asked.possible)}</p>
          {[...leftOut].map(([reason, left]) => (
            <p key={reason} className="quiet">
              {listed(left.map(nameOf))} {left.length === 1 ? "is" : "are"} left out. {reason}
            </p>
          ))}
        </ConfirmDialog>
      )}
    </>
  );
}

function listed(names: string[]): string {
  const more = names.length - NAMES_SHOWN;
  return names.slice(0, NAMES_SHOWN).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
