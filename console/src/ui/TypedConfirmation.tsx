import { TextInput } from "@mantine/core";

interface TypedConfirmationProps {
  /** A name, or a number. */
  text: string;
  /** Whether the user has typed the text. */
  onTyped: (isTyped: boolean) => void;
}

/** Makes the user read what an action affects before it can be confirmed. */
export function TypedConfirmation({ text, onTyped }: TypedConfirmationProps) {
  const isNumber = /^\d{1,3}(\s\d{3})*$/.test(text);
  // The separators of thousands are typed in the user's way, or not at all.
  const normal = (typed: string) => (isNumber ? typed.replace(/[\s,.'’]/g, "") : typed.trim());
  return (
    <TextInput
      label={`Type “${text}” to confirm`}
      autoComplete="off"
      spellCheck={false}
      onChange={(event) => {
        onTyped(normal(event.currentTarget.value) === normal(text));
      }}
    />
  );
}
