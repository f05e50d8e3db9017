import { Button, Checkbox, Collapse, NumberInput, Select, Stack, TagsInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { useId, useState } from "react";
import {
  CLONED_HOSTS_WORDS,
  LOST_SENSOR_RULE_WORDS,
  REIMAGED_HOSTS_WORDS,
} from "../../components/token-words.ts";
import type { TokenValues } from "./token-values.ts";

const CLONED_HOSTS_OPTIONS = Object.entries(CLONED_HOSTS_WORDS).map(([value, label]) => ({ value, label }));
const REIMAGED_HOSTS_OPTIONS = Object.entries(REIMAGED_HOSTS_WORDS).map(([value, label]) => ({
  value,
  label,
}));
const LOST_SENSOR_OPTIONS = Object.entries(LOST_SENSOR_RULE_WORDS).map(([value, label]) => ({
  value,
  label,
}));
const SPLIT = [",", " ", ";", "\n", "\t"];

/** Who may enroll with the token, and what becomes of them: what most tokens do without, behind one button. */
export function LimitsFields({ form, initiallyOpen }: LimitsFieldsProps) {
  const [isOpen, setOpen] = useState(initiallyOpen);
  const id = useId();
  const { values, errors } = form;
  const hasError = ["allowedNetworks", "allowedHostnames", "tags", "ephemeralHours"].some((it) => errors[it]);
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
        Limits, approval and tags
      </Button>
      <Collapse expanded={isShown} id={id} transitionDuration={0}>
        <Stack gap="md" pt="sm">
          <TagsInput
            label="Allowed networks"
            description="CIDR or single addresses, IPv4 or IPv6; none: from anywhere"
            placeholder={values.allowedNetworks.length === 0 ? "10.1.0.0/16" : ""}
            splitChars={SPLIT}
            maxTags={100}
            {...form.getInputProps("allowedNetworks")}
          />
          <TagsInput
            label="Allowed hostnames"
            description="Patterns with * and ?; the host claims its name, so this is no proof"
            placeholder={values.allowedHostnames.length === 0 ? "web-*" : ""}
            splitChars={SPLIT}
            maxTags={100}
            {...form.getInputProps("allowedHostnames")}
          />
          <TagsInput
            label="Tags"
            description="Given to the assets of the sensors that it brings in"
            placeholder={values.tags.length === 0 ? "pci" : ""}
            splitChars={[","]}
            maxTags={20}
            {...form.getInputProps("tags")}
          />
          <Checkbox
            label="Require approval"
            description="Each sensor waits until a person has compared its fingerprint and approved it"
            {...form.getInputProps("requireApproval", { type: "checkbox" })}
          />
          <Select
            label="Clones of its sensors"
            description="A host that runs with the key of another, e.g. as a clone of its disk, becomes a sensor of its own"
            data={CLONED_HOSTS_OPTIONS}
            allowDeselect={false}
            {...form.getInputProps("clonedHosts")}
          />
          <Select
            label="Reinstalled hosts"
            description="A host that is installed anew becomes a new sensor, on the hardware of one that is silent; merged, it goes on with that one's history and asset"
            data={REIMAGED_HOSTS_OPTIONS}
            allowDeselect={false}
            {...form.getInputProps("reimagedHosts")}
          />
          <Select
            label="Re-enroll lost sensors"
            description="When the deploy command makes a host a new sensor because the server no longer knows it"
            data={LOST_SENSOR_OPTIONS}
            allowDeselect={false}
            {...form.getInputProps("reEnrollLost")}
          />
          <Stack gap={6}>
            <Checkbox
              label="Ephemeral"
              description="For machines that come and go: a sensor is removed after some hours offline"
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
