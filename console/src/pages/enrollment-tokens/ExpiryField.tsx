import { Button, Group, Radio, Skeleton, Stack } from "@mantine/core";
import { lazy, Suspense, useMemo } from "react";
import { Notice } from "../../ui/Notice.tsx";
import { daysFrom, EXPIRY_PRESETS, isPreset, toWallClock } from "./expiry.ts";

// Only the calendar is loaded later, because it uses none of our styles: the bundler orders several
// stylesheets at random.
const ExpiryDate = lazy(async () => ({ default: (await import("./ExpiryDate.tsx")).ExpiryDate }));

interface ExpiryFieldProps {
  kind: "none" | "date";
  onKind: (kind: "none" | "date") => void;
  /** Wall-clock text in the time zone of the browser. */
  value: string | null;
  onValue: (value: string | null) => void;
  error?: string | undefined;
}

export function ExpiryField({ kind, onKind, value, onValue, error }: ExpiryFieldProps) {
  // When the value was set: afterwards, time passes, and the preset stays chosen.
  // biome-ignore lint/correctness/useExhaustiveDependencies: read again for each value
  const setAt = useMemo(() => new Date(), [value]);
  return (
    <Stack gap="xs">
      <Radio.Group
        label="Expiry"
        description="For a planned rollout, choose a date a few days after its window"
        value={kind}
        onChange={(chosen) => onKind(chosen as "none" | "date")}
      >
        <Stack gap={6} mt={6}>
          <Radio value="none" label="No expiry" description="Valid until it is revoked or deleted" />
          <Radio value="date" label="Custom date" description="Enrollment is rejected after this time" />
        </Stack>
      </Radio.Group>
      {kind === "none" && (
        <Notice kind="warning">This token never expires. The list of tokens shows a warning for it.</Notice>
      )}
      {kind === "date" && (
        <Stack gap="xs" pl={28}>
          <Group gap="xs">
            {EXPIRY_PRESETS.map(({ label, days }) => (
              <Button
                key={label}
                size="compact-sm"
                variant={isPreset(value, days, setAt) ? "light" : "default"}
                aria-pressed={isPreset(value, days, setAt)}
                onClick={() => onValue(toWallClock(daysFrom(new Date(), days)))}
              >
                {label}
              </Button>
            ))}
          </Group>
          <Suspense fallback={<Skeleton height={60} />}>
            <ExpiryDate value={value} onValue={onValue} error={error} />
          </Suspense>
        </Stack>
      )}
    </Stack>
  );
}
