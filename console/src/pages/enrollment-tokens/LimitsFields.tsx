import { Button, Collapse, Stack } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { useId, useState } from "react";
import { SettingField } from "./SettingField.tsx";
import { FORM_SETTING_NAMES, type TokenValues } from "./token-values.ts";

/** Settings that most tokens do not need, hidden behind one button. */
export function LimitsFields({ form, initiallyOpen }: LimitsFieldsProps) {
  const [isOpen, setOpen] = useState(initiallyOpen);
  const id = useId();
  const hasError = FORM_SETTING_NAMES.some((name) => form.errors[name]);
  const isShown = isOpen || hasError;
  const Chevron = isShown ? IconChevronDown : IconChevronRight;
  return (
    <div>
      <Button
        variant="subtle"
        color="gray"
        size="compact-sm"
        ml={-8}
        aria-expanded={isShown}
        aria-controls={id}
        leftSection={<Chevron size={16} />}
        onClick={() => setOpen(!isShown)}
      >
        Limits, approval, and tags
      </Button>
      <Collapse expanded={isShown} id={id} transitionDuration={0}>
        <Stack gap="md" pt="sm">
          {FORM_SETTING_NAMES.map((name) => (
            <SettingField key={name} form={form} name={name} />
          ))}
        </Stack>
      </Collapse>
    </div>
  );
}

interface LimitsFieldsProps {
  form: UseFormReturnType<TokenValues>;
  initiallyOpen: boolean;
}
