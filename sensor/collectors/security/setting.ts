// Creates a security setting, for all areas of the category.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText } from "../collector.ts";

export type SecuritySetting = Item<"security">;

/**
 * `name` is spelled as in the software. The key is `id`, or the name without one. No source: a built-in
 * default.
 */
export function setting(
  area: SecuritySetting["area"],
  name: string,
  value: string,
  source?: string,
  id = name,
): SecuritySetting {
  return {
    key: factText(`${area}/${id}`, 300),
    area,
    name: factText(name, 200),
    value: factText(value.trim(), 1_000),
    source: source === undefined ? undefined : factText(source, 1_000),
  };
}

/** `PermitRootLogin` → `permit-root-login`, `X11Forwarding` → `x11-forwarding`, `UsePAM` → `use-pam`. */
export function kebabCase(name: string): string {
  return name
    .replace("MACs", "Macs")
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1-$2")
    .toLowerCase();
}
