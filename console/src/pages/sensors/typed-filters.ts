// Filters that are typed into the search of the list of sensors: `status:offline ` becomes a filter, and what
// is no filter stays the search.
import { type FilterWord, readWords } from "@attacklens/protocol/filter-text.ts";
import { parseList } from "@attacklens/protocol/text-list.ts";
import type { TypedFilters } from "../../ui/SearchInput.tsx";

/** The last word is complete if a space follows it, or if the user has finished. */
export function takeFilters(typed: string, isDone: boolean): TypedFilters {
  const words = readWords(typed);
  const last = isDone || typed.endsWith(" ") ? undefined : words.at(-1);
  const taken = words.filter((word) => word.filter && word !== last);
  const kept = words.filter((word) => !taken.includes(word));
  const problem = kept.find((word) => word.problem && word !== last)?.problem;
  const isSearch = kept.every((word) => !word.filter && !word.problem && searchOf(word) === word.text);
  return {
    change: Object.fromEntries(taken.map(({ filter }) => [filter!.name, filter!.value])),
    rest: taken.length === 0 ? typed : kept.map(({ text }) => text).join(" "),
    search:
      isSearch && taken.length === 0
        ? typed
        : kept
            .filter((word) => !word.filter && !word.problem)
            .map(searchOf)
            .join(" "),
    problem,
  };
}

/** Without the quotation marks of a word that would be a filter. */
function searchOf({ text }: FilterWord): string {
  const inner = text.startsWith('"') ? parseList(text)?.[0] : undefined;
  return inner !== undefined && readWords(inner).some(({ filter, problem }) => filter || problem)
    ? inner
    : text;
}
