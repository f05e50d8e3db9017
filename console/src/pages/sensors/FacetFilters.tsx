import type { Category } from "@attacklens/protocol/inventory/categories.ts";
import { formatWhere, INVENTORY_VIEWS, parseWhere } from "@attacklens/protocol/inventory/facets.ts";
import type { RouteOutput } from "@attacklens/protocol/route.ts";
import type { listSensorInventory } from "@attacklens/protocol/sensor-inventory.ts";
import { MultiFilterMenu } from "../../ui/FilterMenu.tsx";

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
    const wanted = [...(chosen.get(name) ?? [])];
    // A value that no item has any more can still be cleared.
    const gone = wanted.filter((value) => !values.some((one) => one.name === value));
    const all = [...values, ...gone.map((value) => ({ name: value, count: 0 }))];
    if (!facet || all.length === 0) return null;
    return (
      <MultiFilterMenu
        key={name}
        label={facet.label}
        values={wanted}
        options={all.map((one) => ({
          value: one.name,
          label: labelOf(facet, one.name),
          count: one.count,
        }))}
        onChange={(next) => {
          const changed = new Map<string, ReadonlySet<string>>(chosen);
          if (next.length > 0) changed.set(name, new Set(next));
          else changed.delete(name);
          onChange(formatWhere(changed) || undefined);
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
