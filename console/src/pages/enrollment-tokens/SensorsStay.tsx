import type { EnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { countOf } from "../../ui/numbers.ts";
import { usePreview } from "./use-preview.ts";

/** What becomes of its sensors, by the count of this moment. */
export function SensorsStay({ token, keep = "" }: { token: EnrollmentToken; keep?: string }) {
  const { data } = usePreview(token.id);
  if (token.enrolledSensors === 0) return "It has enrolled no sensor so far.";
  const gone = data && data.sensors < token.enrolledSensors ? token.enrolledSensors - data.sensors : 0;
  return (
    <>
      {stay(token.enrolledSensors - gone)} enrolled, go on reporting{keep}.{" "}
      {data && `${countOf(data.online, "is online", "are online")} now.`}{" "}
      {gone > 0 && `${countOf(gone, "sensor")} of it ${gone === 1 ? "was" : "were"} deleted before.`}
    </>
  );
}

export function stay(sensors: number): string {
  return `${countOf(sensors, "sensor")} ${sensors === 1 ? "stays" : "stay"}`;
}
