import { TextInput } from "@mantine/core";
import { useState } from "react";
import { readProxy } from "../../components/deploy-facts.ts";

interface ProxyFieldProps {
  proxy: string | undefined;
  onChange: (proxy: string | undefined) => void;
}

/** The proxy that hosts need. The guide changes when the field is left, or on Enter. */
export function ProxyField({ proxy, onChange }: ProxyFieldProps) {
  const [text, setText] = useState(proxy ?? "");
  const [error, setError] = useState<string>();
  function apply() {
    const read = readProxy(text);
    setError(read.error);
    if (read.error) return;
    setText(read.proxy ?? "");
    if (read.proxy !== proxy) onChange(read.proxy);
  }
  return (
    <TextInput
      label="Proxy of the hosts"
      w={280}
      placeholder="None"
      autoComplete="off"
      spellCheck={false}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={apply}
      onKeyDown={(event) => event.key === "Enter" && apply()}
      error={error}
    />
  );
}
