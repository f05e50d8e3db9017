// The date and time of a token's expiry. It needs the calendar library, so it is loaded when it is first
// shown.
import { DateTimePicker } from "@mantine/dates";
import { useId } from "react";
import { hasTwelveHours, zoneName } from "../../ui/time.ts";
import { fromWallClock, toWallClock, wallClockText } from "./expiry.ts";

interface ExpiryDateProps {
  /** Wall-clock text in the time zone of the browser. */
  value: string | null;
  onValue: (value: string | null) => void;
  error?: string | undefined;
}

export function ExpiryDate({ value, onValue, error }: ExpiryDateProps) {
  // The calendar is a dialog. Its accessible name is the field with this id.
  const id = useId();
  const now = new Date();
  const at = fromWallClock(value);
  return (
    <DateTimePicker
      aria-label={`Expiry: ${at ? wallClockText(at) : "date and time"}`}
      placeholder="Date and time"
      valueFormat={(text) => wallClockText(fromWallClock(String(text)) ?? now)}
      minDate={toWallClock(now)}
      // With a value, the calendar keeps the time of the value.
      {...(at ? {} : { defaultTimeValue: "18:00" })}
      firstDayOfWeek={1}
      highlightToday
      value={value}
      onChange={onValue}
      description={`Your time zone: ${zoneName(at ?? now)}`}
      inputWrapperOrder={["label", "input", "description", "error"]}
      error={error}
      id={id}
      popoverProps={{ id }}
      previousLabel="Previous month"
      nextLabel="Next month"
      submitButtonProps={{ "aria-label": "Apply date and time" }}
      timePickerProps={{
        format: hasTwelveHours() ? "12h" : "24h",
        hoursInputLabel: "Hours",
        minutesInputLabel: "Minutes",
        amPmInputLabel: "AM or PM",
      }}
    />
  );
}
