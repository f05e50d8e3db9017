// Actions on several rows: one confirmation, then one request per row. The message names each row that
// failed.
import type { Can } from "@attacklens/protocol/page.ts";
import { notifications } from "@mantine/notifications";
import { type ReactNode, useState } from "react";
import { problemOf } from "../api.ts";
import { ActionButton } from "../ui/ActionButton.tsx";
import { ConfirmDialog } from "../ui/ConfirmDialog.tsx";
import { countOf } from "../ui/numbers.ts";
import { obstacleText } from "../ui/obstacle.ts";
import { disabledReason } from "./disabled-reason.ts";
import { MatchingDialog, type MatchingObjects, textToType } from "./MatchingDialog.tsx";
import { showUndoable } from "./undo.tsx";

export interface BulkAction<Row> {
  /** The verb: `Revoke`. */
  verb: string;
  /** `revoked`. */
  done: string;
  can: (row: Row) => Can;
  run: (row: Row) => Promise<unknown>;
  /** The effect on the rows. Undefined: on all that match, whose rows are not loaded. */
  consequence: (rows: Row[] | undefined) => ReactNode;
  /** The action in the requests that accept a filter. Absent: it needs its rows. */
  byFilter?: object;
  /** Returns a row to the state that it had. Absent: the action can't be undone from its message. */
  undo?: (row: Row) => Promise<unknown>;
  isDanger?: boolean;
  /** Shows the action only if a selected row matches. Absent: always. */
  isFor?: (row: Row) => boolean;
  /** What the action counts, such as `pair`. Absent: the noun of the rows. */
  noun?: string;
  /** The title and the button of the confirmation. Absent: `Merge 3 pairs`, from the verb and the noun. */
  title?: (count: number) => string;
  /** The title of the confirmation, if it says more than its button. */
  heading?: (count: number) => string;
  /** Shows the rows when their names are not enough. */
  rowsAs?: (rows: Row[]) => ReactNode;
}

/** A dialog asks for what the action needs first. */
export interface BulkChoice<Row> extends Pick<BulkAction<Row>, "verb" | "can"> {
  choose: (choice: { onChosen: (action: BulkAction<Row>) => void; onClose: () => void }) => ReactNode;
}

interface BulkActionsProps<Row> {
  rows: Row[];
  /** The actions are on all objects that match this filter. Absent: on the rows. */
  matching?: MatchingObjects | undefined;
  /** `Enrollment Token`. */
  noun: string;
  nameOf: (row: Row) => string;
  actions: readonly (BulkAction<Row> | BulkChoice<Row>)[];
  /** Refreshes the page after the last request. */
  onDone: () => Promise<unknown>;
  onClear: () => void;
}

const NAMES_SHOWN = 10;

export function BulkActions<Row>(props: BulkActionsProps<Row>) {
  const { rows, noun, nameOf, actions, onDone, onClear, matching } = props;
  const [choosing, setChoosing] = useState<BulkChoice<Row>>();
  const [askedAll, setAskedAll] = useState<BulkAction<Row>>();
  const [asked, setAsked] = useState<{ action: BulkAction<Row>; possible: Row[]; left: Row[] }>();
  const ask = (action: BulkAction<Row>) => {
    if (matching) return setAskedAll(action);
    const possible = rows.filter((row) => action.can(row).allowed);
    setAsked({ action, possible, left: rows.filter((row) => !possible.includes(row)) });
  };

  async function runAll({ action, possible }: NonNullable<typeof asked>) {
    const { done, refused } = await runEach(possible, action.run);
    await onDone();
    if (done.length > 0) showDone(action, done);
    if (refused.length > 0) throw new Error(`Not ${action.done}: ${refused.slice(0, NAMES_SHOWN).join(" ")}`);
    onClear();
  }

  /** Runs a request for each row. Returns the changed rows, and why the others were refused. */
  async function runEach(some: Row[], run: (row: Row) => Promise<unknown>) {
    const done: Row[] = [];
    const refused: string[] = [];
    for (const row of some) {
      await run(row).then(
        () => done.push(row),
        (error: unknown) => refused.push(`${nameOf(row)}: ${problemOf(error).detail}`),
      );
    }
    return { done, refused };
  }

  function showDone({ done: verb, undo, noun: counted = noun }: BulkAction<Row>, rows: Row[]): void {
    const message = `${countOf(rows.length, counted)} ${verb}.`;
    if (!undo) return void notifications.show({ message });
    showUndoable(message, async () => {
      const { done, refused } = await runEach(rows, undo);
      await onDone();
      if (refused.length > 0) throw new Error(`Not undone: ${refused.slice(0, NAMES_SHOWN).join(" ")}`);
      return `${countOf(done.length, counted)} as before.`;
    });
  }

  const titleOf = ({ action, possible: { length } }: NonNullable<typeof asked>) =>
    action.title?.(length) ?? `${action.verb} ${countOf(length, action.noun ?? noun)}`;
  const leftOut = Map.groupBy(asked?.left ?? [], (row) =>
    obstacleText((asked && disabledReason(asked.action.can(row))) ?? ""),
  );
  const isAbout = (action: (typeof actions)[number], row: Row) =>
    !("isFor" in action) || !action.isFor || action.isFor(row);
  const offered = actions.filter((action) => rows.some((row) => isAbout(action, row)));
  return (
    <>
      {offered.map((action) => {
        const isChoice = "choose" in action;
        const subjects = rows.filter((row) => isAbout(action, row));
        const reasons = subjects.map((row) => action.can(row)).filter(({ allowed }) => !allowed);
        const isImpossible = reasons.length === subjects.length;
        const none = matching
          ? !isChoice &&
            action.byFilter === undefined &&
            "Needs the rows. Select them instead of all that match."
          : isImpossible && reasons[0] && disabledReason(reasons[0]);
        return (
          <ActionButton
            key={action.verb}
            size="compact-sm"
            variant="default"
            {...(!isChoice && action.isDanger && !none ? { c: "var(--mantine-color-error)" } : {})}
            onClick={() => (isChoice ? setChoosing(action) : ask(action))}
            disabledReason={none || undefined}
          >
            {`${action.verb}…`}
          </ActionButton>
        );
      })}
      {choosing?.choose({
        onChosen: (action) => {
          setChoosing(undefined);
          ask(action);
        },
        onClose: () => setChoosing(undefined),
      })}
      {askedAll?.byFilter !== undefined && matching && (
        <MatchingDialog
          {...matching}
          action={askedAll.byFilter}
          {...(askedAll.heading ? { heading: askedAll.heading } : {})}
          verb={askedAll.verb}
          done={askedAll.done}
          noun={noun}
          isDanger={askedAll.isDanger ?? false}
          consequence={askedAll.consequence(undefined)}
          onDone={onDone}
          onClear={onClear}
          onClose={() => setAskedAll(undefined)}
        />
      )}
      {asked && (
        <ConfirmDialog
          title={`${asked.action.heading?.(asked.possible.length) ?? titleOf(asked)}?`}
          action={titleOf(asked)}
          {...(asked.action.rowsAs ? { size: 720 } : {})}
          isSafe={!asked.action.isDanger}
          typeName={textToType(asked.action.isDanger, asked.possible.length)}
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
              Not included: {listed(left.map(nameOf))}. {reason}
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
