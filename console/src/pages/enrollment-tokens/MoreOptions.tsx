import { Button, Collapse, Stack, Textarea } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { useId, useState } from "react";
import { SettingField } from "./SettingField.tsx";
import { FORM_SETTING_NAMES, hasMoreOptions, type TokenValues } from "./token-values.ts";

/** The fields that most tokens do not need. They are hidden until one of them has a value or an error. */
export function MoreOptions({ form }: { form: UseFormReturnType<TokenValues> }) {
  const [isOpen, setOpen] = useState(() => hasMoreOptions(form.getValues()));
  const id = useId();
  const hasError = ["description", ...FORM_SETTING_NAMES].some((name) => form.errors[name]);
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
        More options
      </Button>
      <Collapse expanded={isShown} id={id} transitionDuration={0}>
        <Stack gap="md" pt="sm">
          <Textarea
            label="Description"
            maxLength={1_000}
            autosize
            minRows={1}
            maxRows={4}
            {...form.getInputProps("description")}
          />
          {FORM_SETTING_NAMES.map((name) => (
            <SettingField key={name} form={form} name={name} />
          ))}
        </Stack>
      </Collapse>
    </div>
  );
}
