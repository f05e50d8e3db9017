// The changes of an audit event: each setting with its old and its new value, and further facts.
import type { AuditEvent } from "@attacklens/protocol/audit-events.ts";
import { type Difference, differencesOf, factsOf } from "./audit-words.ts";
import classes from "./EventChanges.module.css";

export function EventChanges({ event }: { event: AuditEvent }) {
  const differences = differencesOf(event);
  const facts = factsOf(event);
  const hasBoth = event.before !== null && event.after !== null;
  if (differences.length + facts.length === 0) return null;
  return (
    <div className={classes.changes}>
      {differences.length > 0 && (
        <table className={classes.table} aria-label="Changed settings">
          <thead>
            <tr>
              <th scope="col">Setting</th>
              {(hasBoth || event.before) && <th scope="col">{hasBoth ? "Before" : "Value"}</th>}
              {(hasBoth || event.after) && <th scope="col">{hasBoth ? "After" : "Value"}</th>}
            </tr>
          </thead>
          <tbody>
            {differences.map((difference) => (
              <tr key={difference.label}>
                <th scope="row">{difference.label}</th>
                <Values difference={difference} hasBoth={hasBoth} />
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {facts.length > 0 && (
        <dl className={classes.facts}>
          {facts.map(({ label, value }) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}

function Values({ difference, hasBoth }: { difference: Difference; hasBoth: boolean }) {
  if (difference.kind === "list")
    return (
      <td colSpan={2}>
        {difference.removed.length > 0 && (
          <div>
            Removed: <del className={classes.old}>{difference.removed.join(", ")}</del>
          </div>
        )}
        {difference.added.length > 0 && (
          <div>
            Added: <ins className={classes.new}>{difference.added.join(", ")}</ins>
          </div>
        )}
      </td>
    );
  const { before, after } = difference;
  if (!hasBoth) return <td>{before ?? after}</td>;
  return (
    <>
      <td>
        <del className={classes.old}>{before ?? "None"}</del>
      </td>
      <td>
        <ins className={classes.new}>{after ?? "None"}</ins>
      </td>
    </>
  );
}
