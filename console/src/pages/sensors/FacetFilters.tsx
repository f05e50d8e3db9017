import type { Category } from "@attacklens/protocol/inventory/categories.ts";
import { formatWhere, INVENTORY_VIEWS, parseWhere } from "@attacklens/protocol/inventory/facets.ts";
import type { RouteOutput } from "@attacklens/protocol/route.ts";
import type { listSensorInventory } from "@attacklens/protocol/sensor-inventory.ts";
import { FilterMenu } from "../../ui/FilterMenu.tsx";
import { formatCount } from "../../ui/numbers.ts";

interface FacetFiltersProps {
  category: Category;
  where: string | undefined;
  facets: RouteOutput<typeof listSensorInventory>["facets"];
  onChange: (where: string | undefined) => void;
}

/** A filter for each facet of the category, with the number of items that each value leaves. */
export function FacetFilters({ category, where = "", facets, onChange }: FacetFiltersProps) {
  const chosen = parseWhere(category, where) ?? new Map<string, ReadonlySet<string>>();
  return facets.map(({ name, values }) => {
    const facet = INVENTORY_VIEWS[category].facets[name as never] as FacetLabels | undefined;
    const [value] = chosen.get(name) ?? [];
    // A value that no item has any more can still be cleared.
    const all =
      value && !values.some((one) => one.name === value) ? [...values, { name: value, count: 0 }] : values;
    if (!facet || all.length === 0) return null;
    return (
      <FilterMenu
        key={name}
        label={facet.label}
        value={value}
        options={all.map((one) => ({
          value: one.name,
          label: `${labelOf(facet, one.name)} (${formatCount(one.count)})`,
        }))}
        onChange={(next) => {
          const { [name]: _, ...others } = Object.fromEntries(chosen);
          const changed = next ? { ...others, [name]: new Set([next]) } : others;
          onChange(formatWhere(new Map(Object.entries(changed))) || undefined);
        }}
      />
    );
  });
}

interface FacetLabels {
  label: string;
  labels?: Readonly<Record<string, string>>;
}

function labelOf({ labels }: FacetLabels, value: string): string {
  return labels?.[value] ?? value.charAt(0).toUpperCase() + value.slice(1).replaceAll("-", " ");
}
