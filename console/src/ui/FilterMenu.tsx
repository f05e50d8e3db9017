import { CloseButton, Menu, UnstyledButton } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import classes from "./FilterMenu.module.css";

interface FilterMenuProps {
  label: string;
  value: string | undefined;
  options: readonly { value: string; label: string }[];
  onChange: (value: string | undefined) => void;
}

/** A filter chip that opens a menu of its options. */
export function FilterMenu({ label, value, options, onChange }: FilterMenuProps) {
  const chosen = options.find((option) => option.value === value);
  return (
    <span className={classes.chip} data-active={chosen ? true : undefined}>
      <Menu position="bottom-start" width={240} withinPortal={false}>
        <Menu.Target>
          <UnstyledButton className={classes.button}>
            {label}
            {chosen && <span className={classes.value}>: {chosen.label}</span>}
            {!chosen && <IconChevronDown size={14} aria-hidden="true" />}
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown className={classes.dropdown}>
          <Menu.RadioGroup value={value ?? null} onChange={onChange}>
            {options.map((option) => (
              <Menu.RadioItem key={option.value} value={option.value} closeMenuOnClick>
                {option.label}
              </Menu.RadioItem>
            ))}
          </Menu.RadioGroup>
        </Menu.Dropdown>
      </Menu>
      {chosen && (
        <CloseButton
          size={24}
          iconSize={14}
          aria-label={`Clear filter ${label}`}
          onClick={() => onChange(undefined)}
        />
      )}
    </span>
  );
}

/** A filter that is on or off. */
export function FilterToggle({ label, isOn, onChange }: FilterToggleProps) {
  return (
    <span className={classes.chip} data-active={isOn || undefined}>
      <UnstyledButton className={classes.button} aria-pressed={isOn} onClick={() => onChange(!isOn)}>
        <span className={isOn ? classes.on : undefined}>{label}</span>
      </UnstyledButton>
      {isOn && (
        <CloseButton
          size={24}
          iconSize={14}
          aria-label={`Clear filter ${label}`}
          onClick={() => onChange(false)}
        />
      )}
    </span>
  );
}

interface FilterToggleProps {
  label: string;
  isOn: boolean;
  onChange: (isOn: boolean) => void;
}

/** A filter that a link has set. The user can only clear it. */
export function FilterChip({ label, value, onClear }: { label: string; value: string; onClear: () => void }) {
  return (
    <span className={classes.chip} data-active>
      <span className={classes.button}>
        {label}
        <span className={classes.value}>: {value}</span>
      </span>
      <CloseButton size={24} iconSize={14} aria-label={`Clear filter ${label}`} onClick={onClear} />
    </span>
  );
}
