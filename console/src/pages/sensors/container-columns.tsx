// The columns of the containers and images.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import type { Columns } from "../../ui/DataTable.tsx";
import { formatBytes } from "../../ui/numbers.ts";
import { Status } from "../../ui/Status.tsx";
import { columnMaker, list } from "./text-column.tsx";

type Part = Item<"containers">;

const ofPart = columnMaker<Part>();

export const containerColumns: Columns<Part> = [
  ofPart("Name", "26%", (one) => one.name),
  ofPart("Kind", "96px", (one) => (one.kind === "container" ? "Container" : "Image")),
  ofPart("State", "104px", stateOf, (one) => {
    const state = stateOf(one);
    return state && <Status color={state === "running" ? "green" : "gray"}>{firstUpper(state)}</Status>;
  }),
  ofPart("Runtime", "104px", (one) => one.runtime),
  ofPart("Image or tags", "28%", (one) => (one.kind === "container" ? one.image : list(one.tags))),
  ofPart("Details", undefined, detailsOf),
];

function stateOf(part: Part): string | undefined {
  return part.kind === "container" ? part.state : undefined;
}

function firstUpper(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function detailsOf(part: Part): string {
  const details =
    part.kind === "container"
      ? [
          part.pod && `Pod ${part.pod}`,
          part.privileged && "privileged",
          part.hostNetwork && "host network",
          part.user && `of ${part.user}`,
        ]
      : [part.sizeBytes !== undefined && formatBytes(part.sizeBytes), part.user && `of ${part.user}`];
  return details.filter(Boolean).join(" · ");
}
