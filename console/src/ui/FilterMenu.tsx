import { CloseButton, Menu, UnstyledButton } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import classes from "./FilterMenu.module.css";
import { formatCount } from "./numbers.ts";

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

interface MultiFilterMenuProps {
  label: string;
  values: readonly string[];
  options: readonly { value: string; label: string; count?: number | undefined }[];
  onChange: (values: string[]) => void;
}

/** The same with any number of choices. The menu stays open. */
export function MultiFilterMenu({ label, values, options, onChange }: MultiFilterMenuProps) {
  const others = values.filter((value) => !options.some((option) => option.value === value));
  const all = [...options, ...others.map((value) => ({ value, label: value, count: undefined }))];
  const chosen = all.filter(({ value }) => values.includes(value));
  const shown = chosen.length > 2 ? `${chosen.length} chosen` : chosen.map(({ label }) => label).join(", ");
  return (
    <span className={classes.chip} data-active={chosen.length > 0 || undefined}>
      <Menu position="bottom-start" width={240} withinPortal={false} closeOnItemClick={false}>
        <Menu.Target>
          <UnstyledButton className={classes.button}>
            {label}
            {shown && <span className={classes.value}>: {shown}</span>}
            {!shown && <IconChevronDown size={14} aria-hidden="true" />}
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown className={classes.dropdown}>
          {all.length === 0 && <Menu.Label>Nothing to choose</Menu.Label>}
          {all.map((option) => (
            <Menu.CheckboxItem
              key={option.value}
              checked={values.includes(option.value)}
              rightSection={
                option.count !== undefined && (
                  <span className={classes.count}>{formatCount(option.count)}</span>
                )
              }
              onChange={(isChosen) =>
                onChange(
                  isChosen ? [...values, option.value] : values.filter((value) => value !== option.value),
                )
              }
            >
              {option.label}
            </Menu.CheckboxItem>
          ))}
        </Menu.Dropdown>
      </Menu>
      {chosen.length > 0 && (
        <CloseButton
          size={24}
          iconSize={14}
          aria-label={`Clear filter ${label}`}
          onClick={() => onChange([])}
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
