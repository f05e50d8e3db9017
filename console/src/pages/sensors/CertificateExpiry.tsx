import { Status } from "../../ui/Status.tsx";
import { exactTime, relativeTime } from "../../ui/time.ts";
import { useNow } from "../../ui/use-now.ts";

const SOON_MS = 30 * 86_400_000;

/** When a certificate expires, with a mark if it has, or will within 30 days. */
export function CertificateExpiry({ at }: { at: string }) {
  const now = useNow();
  const leftMs = Date.parse(at) - now;
  const text = relativeTime(at, now);
  return (
    <time dateTime={at} title={exactTime(at)}>
      {leftMs > SOON_MS ? text : <Status color={leftMs > 0 ? "yellow" : "red"}>{text}</Status>}
    </time>
  );
}
