import { TextInput, type TextInputProps } from "@mantine/core";

/** The field for a code of an authenticator app. Phones and password managers offer the code. */
export function CodeInput(props: TextInputProps) {
  return (
    <TextInput
      label="Code"
      autoComplete="one-time-code"
      inputMode="numeric"
      maxLength={7}
      placeholder="123456"
      {...props}
    />
  );
}
