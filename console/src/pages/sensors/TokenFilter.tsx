import { useQuery } from "@tanstack/react-query";
import { tokenQuery } from "../../queries.ts";
import { FilterChip } from "../../ui/FilterMenu.tsx";
import { shortId } from "../../ui/numbers.ts";

/** The token that the list is filtered by. A deleted token is shown by its id. */
export function TokenFilter({ tokenId, onClear }: { tokenId: string; onClear: () => void }) {
  const { data: token } = useQuery({ ...tokenQuery(tokenId), staleTime: 60_000 });
  return <FilterChip label="Enrollment Token" value={token?.name ?? shortId(tokenId)} onClear={onClear} />;
}
