import type { Gap } from "@attacklens/protocol/inventory/gaps.ts";
import { Notice } from "../../ui/Notice.tsx";
import { describeGap, gapCountOf } from "./category-words.ts";
import classes from "./GapList.module.css";

/** What a category lacks although the host may have it. */
export function GapList({ gaps }: { gaps: Gap[] }) {
  return (
    <Notice kind="warning">
      <details>
        <summary>This list may be incomplete. {gapCountOf(gaps)} in the last collection.</summary>
        <ul className={classes.list}>
          {gaps.map((gap) => (
            <li key={`${gap.kind} ${gap.subject} ${gap.reason}`}>{describeGap(gap)}</li>
          ))}
        </ul>
      </details>
    </Notice>
  );
}
