import { Button, Checkbox, Collapse, NumberInput, Select, Stack, TagsInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { useId, useState } from "react";
import {
  CLONED_HOSTS_LABELS,
  LOST_SENSOR_LABELS,
  REIMAGED_HOSTS_LABELS,
} from "../../components/token-words.ts";
import type { TokenValues } from "./token-values.ts";

const optionsOf = (labels: Record<string, string>) =>
  Object.entries(labels).map(([value, label]) => ({ value, label }));
const SPLIT = [",", " ", ";", "\n", "\t"];

/** Settings that most tokens do not need, hidden behind one button. */
export function LimitsFields({ form, initiallyOpen }: LimitsFieldsProps) {
  const [isOpen, setOpen] = useState(initiallyOpen);
  const id = useId();
  const { values, errors } = form;
  const hasError = ["allowedNetworks", "allowedHostnames", "tags", "ephemeralHours"].some(
    (name) => errors[name],
  );
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
          <TagsInput
            label="Allowed networks"
            description="IP addresses or CIDR ranges. Leave empty to allow any."
            placeholder={values.allowedNetworks.length === 0 ? "10.1.0.0/16" : ""}
            splitChars={SPLIT}
            maxTags={100}
            {...form.getInputProps("allowedNetworks")}
          />
          <TagsInput
            label="Allowed hostnames"
            description="Patterns with * and ?. Leave empty to allow any. A host reports its own name, so this is not proof of identity."
            placeholder={values.allowedHostnames.length === 0 ? "web-*" : ""}
            splitChars={SPLIT}
            maxTags={100}
            {...form.getInputProps("allowedHostnames")}
          />
          <TagsInput
            label="Tags"
            description="Added to the assets of the sensors that enroll with this token"
            placeholder={values.tags.length === 0 ? "pci" : ""}
            splitChars={[","]}
            maxTags={20}
            {...form.getInputProps("tags")}
          />
          <Checkbox
            label="Require approval"
            description="A sensor starts to report after you compare its fingerprint and approve it"
            {...form.getInputProps("requireApproval", { type: "checkbox" })}
          />
          <Select
            label="Cloned hosts"
            description="A cloned host runs with the key of another sensor, for example because its disk was copied. If you allow it, it becomes a separate sensor."
            data={optionsOf(CLONED_HOSTS_LABELS)}
            allowDeselect={false}
            {...form.getInputProps("clonedHosts")}
          />
          <Select
            label="Re-imaged hosts"
            description="A re-imaged host enrolls as a new sensor. Merging gives it the history and the asset of its previous sensor."
            data={optionsOf(REIMAGED_HOSTS_LABELS)}
            allowDeselect={false}
            {...form.getInputProps("reimagedHosts")}
          />
          <Select
            label="Re-enroll lost sensors"
            description="The server no longer has a record of a lost sensor. This setting controls when the enroll command registers its host as a new sensor."
            data={optionsOf(LOST_SENSOR_LABELS)}
            allowDeselect={false}
            {...form.getInputProps("reEnrollLost")}
          />
          <Stack gap={6}>
            <Checkbox
              label="Ephemeral"
              description="For short-lived hosts: a sensor is removed automatically after this time offline"
              {...form.getInputProps("ephemeral", { type: "checkbox" })}
            />
            {values.ephemeral && (
              <NumberInput
                pl={28}
                label="Hours offline"
                min={1}
                max={8_760}
                allowDecimal={false}
                allowNegative={false}
                {...form.getInputProps("ephemeralHours")}
              />
            )}
          </Stack>
        </Stack>
      </Collapse>
    </div>
  );
}

interface LimitsFieldsProps {
  form: UseFormReturnType<TokenValues>;
  initiallyOpen: boolean;
}
