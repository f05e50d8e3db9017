// The columns of the containers and images.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import type { Columns } from "../../ui/DataTable.tsx";
import { formatBytes } from "../../ui/numbers.ts";
import { columnMaker, list } from "./text-column.tsx";

type Part = Item<"containers">;

const ofPart = columnMaker<Part>();

export const containerColumns: Columns<Part> = [
  ofPart("Name", "26%", (one) => one.name),
  ofPart("Kind", "96px", (one) => (one.kind === "container" ? "Container" : "Image")),
  ofPart("State", "96px", (one) => (one.kind === "container" ? one.state : undefined)),
  ofPart("Runtime", "104px", (one) => one.runtime),
  ofPart("Image or tags", "28%", (one) => (one.kind === "container" ? one.image : list(one.tags))),
  ofPart("Details", undefined, detailsOf),
];

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
