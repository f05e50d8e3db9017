import { CloseButton, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";

interface SearchInputProps {
  label: string;
  value: string | undefined;
  onChange: (value: string | undefined) => void;
}

/** A search field that reports the text after the user stops typing. */
export function SearchInput({ label, value = "", onChange }: SearchInputProps) {
  const [text, setText] = useState(value);
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
  }, [value]);
  return (
    <TextInput
      type="search"
      aria-label={label}
      placeholder={label}
      value={text}
      w="clamp(200px, 21vw, 260px)"
      maxLength={200}
      leftSection={<IconSearch size={16} aria-hidden="true" />}
      rightSection={
        text && (
          <CloseButton
            size={24}
            iconSize={14}
            aria-label="Clear search"
            onClick={() => {
              setText("");
              report("");
            }}
          />
        )
      }
      onChange={(event) => {
        setText(event.currentTarget.value);
        report(event.currentTarget.value);
      }}
    />
  );
}
