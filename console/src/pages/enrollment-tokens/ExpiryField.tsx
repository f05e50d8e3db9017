import { Button, Group, Radio, Stack } from "@mantine/core";
import { DateTimePicker } from "@mantine/dates";
import { useId } from "react";
import { Notice } from "../../ui/Notice.tsx";
import { zoneName } from "../../ui/time.ts";
import { daysFrom, EXPIRY_PRESETS, fromWallClock, toWallClock, wallClockText } from "./expiry.ts";

interface ExpiryFieldProps {
  kind: "none" | "date";
  onKind: (kind: "none" | "date") => void;
  /** Wall-clock text in the person's own zone. */
  value: string | null;
  onValue: (value: string | null) => void;
  error?: string | undefined;
}

export function ExpiryField({ kind, onKind, value, onValue, error }: ExpiryFieldProps) {
  // The calendar is a dialog named by the field that opens it, which it looks for under this id.
  const id = useId();
  const now = new Date();
  const at = fromWallClock(value);
  return (
    <Stack gap="xs">
      <Radio.Group label="Expiry" value={kind} onChange={(chosen) => onKind(chosen as "none" | "date")}>
        <Stack gap={6} mt={6}>
          <Radio value="none" label="No expiry" description="Valid until it is revoked or deleted" />
          <Radio value="date" label="Custom date" description="Refused after it" />
        </Stack>
      </Radio.Group>
      {kind === "none" && (
        <Notice kind="warning">It works until somebody revokes or deletes it. The list flags it.</Notice>
      )}
      {kind === "date" && (
        <Stack gap="xs" pl={28}>
          <Group gap="xs">
            {EXPIRY_PRESETS.map(({ label, days }) => (
              <Button
                key={label}
                size="compact-sm"
                variant="default"
                onClick={() => onValue(toWallClock(daysFrom(now, days)))}
              >
                {label}
              </Button>
            ))}
          </Group>
          <DateTimePicker
            aria-label={`Expiry: ${at ? wallClockText(at) : "date and time"}`}
            placeholder="Date and time"
            valueFormat="D MMM YYYY, HH:mm"
            minDate={toWallClock(now)}
            defaultTimeValue="18:00"
            firstDayOfWeek={1}
            highlightToday
            value={value}
            onChange={onValue}
            description={`Your time zone: ${zoneName(at ?? now)}`}
            inputWrapperOrder={["label", "input", "description", "error"]}
            error={error}
            id={id}
            popoverProps={{ id }}
            previousLabel="Month before"
            nextLabel="Month after"
            submitButtonProps={{ "aria-label": "Use this date and time" }}
            timePickerProps={{ hoursInputLabel: "Hours", minutesInputLabel: "Minutes" }}
          />
        </Stack>
      )}
    </Stack>
  );
}
