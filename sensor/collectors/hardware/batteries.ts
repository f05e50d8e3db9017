// The batteries of the host, from /sys/class/power_supply. Not those of mice and headsets.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText, parseCount } from "../collector.ts";
import { firstOf } from "../first-of.ts";
import type { HostFiles } from "../host-files.ts";
import { partText } from "./part-text.ts";

type Battery = Extract<Item<"hardware">, { kind: "battery" }>;

const SUPPLIES = "/sys/class/power_supply";
const MAX_BATTERIES = 20;

export function readBatteries(files: HostFiles): Battery[] {
  const names = files
    .list(SUPPLIES)
    .filter((name) => files.findLine(`${SUPPLIES}/${name}/type`) === "Battery")
    .filter((name) => files.findLine(`${SUPPLIES}/${name}/scope`) !== "Device");
  return firstOf(files, "batteries", names, MAX_BATTERIES).map((name) => {
    const line = (file: string) => files.findLine(`${SUPPLIES}/${name}/${file}`);
    return {
      key: factText(`battery:${name}`, 300),
      kind: "battery" as const,
      name: factText(name, 200),
      vendor: partText(line("manufacturer")),
      model: partText(line("model_name")),
      serialNumber: partText(line("serial_number")),
      technology: partText(line("technology")),
      ...capacityOf((file) => parseCount(line(file))),
    };
  });
}

/** In microwatt hours, or in microampere hours at a voltage. */
function capacityOf(
  count: (file: string) => number | undefined,
): Pick<Battery, "designMwh" | "healthPercent"> {
  const voltage = count("voltage_min_design");
  const energy = count("energy_full_design");
  const charge = count("charge_full_design");
  const design = energy ?? charge;
  const full = energy === undefined ? count("charge_full") : count("energy_full");
  const microwattHours =
    energy ?? (charge !== undefined && voltage !== undefined ? (charge * voltage) / 1_000_000 : undefined);
  const health = design && full !== undefined ? Math.round((full / design) * 20) * 5 : undefined;
  return {
    designMwh: microwattHours === undefined ? undefined : Math.round(microwattHours / 1_000),
    healthPercent: health !== undefined && health <= 200 ? health : undefined,
  };
}
