// Texts of firmware and devices: trimmed, and absent where the manufacturer has not filled in the field.
import { isPlaceholderText } from "@attacklens/protocol/hardware-placeholders.ts";
import { optionalFact } from "../collector.ts";

const MAX_LENGTH = 200;

export function partText(text: string | undefined): string | undefined {
  const fact = optionalFact(text?.replaceAll("\0", " "), MAX_LENGTH);
  return fact === undefined || isPlaceholderText(fact) || /^[0\s]+$/.test(fact) ? undefined : fact;
}
