import { CloseButton, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { focusTable } from "./use-row-focus.ts";

/** The meaning of a typed text. */
export interface TypedFilters {
  /** New values of filters. */
  change: Record<string, string>;
  /** The text that stays in the field. */
  rest: string;
  /** The text to search for. */
  search: string;
  problem: string | undefined;
}

interface SearchInputProps {
  label: string;
  value: string | undefined;
  onChange: (value: string | undefined) => void;
  /**
   * Finds filters in the text. `isDone`: its last word is complete, because it was pasted or Enter followed.
   */
  take?: ((typed: string, isDone: boolean) => TypedFilters) | undefined;
  onFilters?: (change: Record<string, string>) => void;
}

/** A search field that reports the text after the user stops typing. The down arrow leads to the rows. */
export function SearchInput({ label, value = "", onChange, take, onFilters }: SearchInputProps) {
  const [text, setText] = useState(value);
  const [problem, setProblem] = useState<string>();
  const isPasted = useRef(false);
  const reported = useRef(value);
  const report = useDebouncedCallback((typed: string) => {
    // Pasted text can contain tabs and invisible characters, which names never contain.
    const text = typed.replace(/[\p{Cc}\p{Cf}]/gu, " ").trim();
    reported.current = text;
    onChange(text || undefined);
  }, 250);
  // A value that this field did not report, such as after "Clear", replaces the typed text.
  useEffect(() => {
    if (value === reported.current) return;
    reported.current = value;
    setText(value);
    setProblem(undefined);
  }, [value]);
  const change = (typed: string, isDone: boolean) => {
    const taken = take?.(typed, isDone);
    setText(taken?.rest ?? typed);
    setProblem(taken?.problem);
    if (taken && Object.keys(taken.change).length > 0) onFilters?.(taken.change);
    report(taken?.search ?? typed);
  };
  return (
    <TextInput
      type="search"
      aria-label={label}
      placeholder={label}
      value={text}
      w="clamp(200px, 21vw, 260px)"
      maxLength={take ? 2_000 : 200}
      leftSection={<IconSearch size={16} aria-hidden="true" />}
      rightSection={
        text && (
          <CloseButton size={24} iconSize={14} aria-label="Clear search" onClick={() => change("", true)} />
        )
      }
      error={problem}
      onPaste={() => {
        isPasted.current = true;
      }}
      onChange={(event) => {
        change(event.currentTarget.value, isPasted.current);
        isPasted.current = false;
      }}
      onKeyDown={(event) => {
        if (event.key === "Enter") change(text, true);
        if (event.key !== "ArrowDown") return;
        event.preventDefault();
        focusTable();
      }}
    />
  );
}
