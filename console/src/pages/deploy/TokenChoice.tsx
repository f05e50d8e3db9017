import { type EnrollmentToken, listEnrollmentTokens } from "@attacklens/protocol/enrollment-tokens.ts";
import { Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { apiQuery } from "../../queries.ts";

interface TokenChoiceProps {
  /** The token in the URL, once it is loaded. */
  token: EnrollmentToken | undefined;
  onChange: (tokenId: string | undefined) => void;
}

/** Chooses an active token. The server searches, because there can be thousands of tokens. */
export function TokenChoice({ token, onChange }: TokenChoiceProps) {
  const [text, setText] = useState("");
  const [searched] = useDebouncedValue(text === token?.name ? "" : text.trim(), 200);
  const query = { limit: 50, status: "active" as const, ...(searched ? { q: searched } : {}) };
  const { data: page } = useQuery({
    ...apiQuery(listEnrollmentTokens, { query }),
    placeholderData: keepPreviousData,
  });
  const options = (page?.items ?? []).map(({ id, name }) => ({ value: id, label: name }));
  const isListed = options.some(({ value }) => value === token?.id);
  return (
    <Select
      label="Token"
      w={280}
      placeholder="Choose a token to see its hosts arrive"
      searchable
      clearable
      clearButtonProps={{ "aria-label": "Choose no token" }}
      onSearchChange={setText}
      filter={({ options: all }) => all}
      data={token && !isListed ? [{ value: token.id, label: token.name }, ...options] : options}
      nothingFoundMessage={searched ? "No active tokens match" : "There is no active token"}
      value={token?.id ?? null}
      onChange={(id) => onChange(id ?? undefined)}
    />
  );
}
