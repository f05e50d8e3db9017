import { getEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { useQuery } from "@tanstack/react-query";
import { apiQuery } from "../../queries.ts";
import { FilterChip } from "../../ui/FilterMenu.tsx";
import { shortId } from "../../ui/numbers.ts";

/** Says by which token the list is filtered; by its id when the token is deleted. */
export function TokenFilter({ tokenId, onClear }: { tokenId: string; onClear: () => void }) {
  const { data: token } = useQuery({
    ...apiQuery(getEnrollmentToken, { params: { id: tokenId } }),
    staleTime: 60_000,
  });
  return <FilterChip label="Enrollment Token" value={token?.name ?? shortId(tokenId)} onClear={onClear} />;
}
