import { type AnyToken, remainingSensorsText } from "../../components/token-words.ts";
import { countOf } from "../../ui/numbers.ts";
import { usePreview } from "./token-queries.ts";

/** How many sensors of a token keep reporting without it, counted when the dialog opens. */
export function RemainingSensors({ token }: { token: AnyToken }) {
  const { data } = usePreview(token.id);
  const deleted = data ? Math.max(0, token.enrolledSensors - data.sensors) : 0;
  return (
    <>
      {remainingSensorsText(token.enrolledSensors - deleted, data?.online)}
      {deleted > 0 && ` ${countOf(deleted, "enrolled sensor was", "enrolled sensors were")} deleted before.`}
    </>
  );
}
