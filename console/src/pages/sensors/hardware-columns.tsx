// The columns of the hardware category: one table for parts with different facts.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import type { Columns } from "../../ui/DataTable.tsx";
import { hardwareDetails, hardwareName, PART_NAMES } from "./hardware-words.ts";
import { columnMaker } from "./text-column.tsx";

type Part = Item<"hardware">;

const ofPart = columnMaker<Part>();

export const hardwareColumns: Columns<Part> = [
  ofPart("Part", "132px", (one) => PART_NAMES[one.kind]),
  ofPart("Name", "22%", hardwareName),
  ofPart("Vendor", "16%", (one) => ("vendor" in one ? one.vendor : undefined)),
  ofPart("Serial number", "14%", (one) => ("serialNumber" in one ? one.serialNumber : undefined)),
  ofPart("Details", undefined, hardwareDetails),
];
