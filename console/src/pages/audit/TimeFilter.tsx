// Filters by time: a span until now, or two times in the reader's zone. The URL has instants.
import { Button, CloseButton, Popover, TextInput, UnstyledButton } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { useState } from "react";
import chip from "../../ui/FilterMenu.module.css";
import classes from "./AuditPage.module.css";
import { shortTime, toInput, toInstantText } from "./time-range.ts";

interface Range {
  from?: string | undefined;
  to?: string | undefined;
}

interface TimeFilterProps extends Range {
  onChange: (range: Range) => void;
}

const SPANS = [
  { label: "Last hour", hours: 1 },
  { label: "Last 24 hours", hours: 24 },
  { label: "Last 7 days", hours: 168 },
  { label: "Last 30 days", hours: 720 },
] as const;

export function TimeFilter({ from, to, onChange }: TimeFilterProps) {
  const [isOpen, setOpen] = useState(false);
  const isActive = from !== undefined || to !== undefined;
  const choose = (range: Range) => {
    onChange(range);
    setOpen(false);
  };
  return (
    <span className={chip.chip} data-active={isActive || undefined}>
      <Popover opened={isOpen} onChange={setOpen} position="bottom-start" withinPortal={false} trapFocus>
        <Popover.Target>
          <UnstyledButton className={chip.button} onClick={() => setOpen(!isOpen)}>
            Time
            {isActive ? (
              <span className={chip.value}>
                : {from ? shortTime(from) : "…"} – {to ? shortTime(to) : "now"}
              </span>
            ) : (
              <IconChevronDown size={14} aria-hidden="true" />
            )}
          </UnstyledButton>
        </Popover.Target>
        <Popover.Dropdown>
          <div className={classes.time}>
            {SPANS.map(({ label, hours }) => (
              <Button
                key={label}
                variant="default"
                size="compact-sm"
                onClick={() =>
                  choose({ from: new Date(Date.now() - hours * 3_600_000).toISOString(), to: undefined })
                }
              >
                {label}
              </Button>
            ))}
            <TextInput
              label="From"
              type="datetime-local"
              defaultValue={toInput(from)}
              onChange={({ currentTarget }) => onChange({ from: toInstantText(currentTarget.value), to })}
            />
            <TextInput
              label="To"
              type="datetime-local"
              defaultValue={toInput(to)}
              onChange={({ currentTarget }) => onChange({ from, to: toInstantText(currentTarget.value) })}
            />
          </div>
        </Popover.Dropdown>
      </Popover>
      {isActive && (
        <CloseButton
          size={24}
          iconSize={14}
          aria-label="Clear filter Time"
          onClick={() => onChange({ from: undefined, to: undefined })}
        />
      )}
    </span>
  );
}
