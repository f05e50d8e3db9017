import { RING_SETTINGS, WEEKDAY_NAMES, WEEKDAYS } from "@attacklens/protocol/ring-settings.ts";
import type { UpdateRing } from "@attacklens/protocol/update-rings.ts";
import { Checkbox, Chip, Group, Input, NumberInput, Select, Stack, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { useSuspenseQuery } from "@tanstack/react-query";
import { RingGroupsField } from "./RingGroupsField.tsx";
import type { RingValues } from "./ring-values.ts";
import { updatesQuery } from "./update-queries.ts";

const COUNTS = ["canaries", "soakMinutes", "stopAfter"] as const;
const BELOW: ("label" | "input" | "description" | "error")[] = ["label", "input", "description", "error"];
const ZONES = ["UTC", ...Intl.supportedValuesOf("timeZone").filter((zone) => zone !== "UTC")];

interface RingFieldsProps {
  form: UseFormReturnType<RingValues>;
  ring: UpdateRing | undefined;
}

/** The settings of a ring, in the order in which an operator thinks of them. */
export function RingFields({ form, ring }: RingFieldsProps) {
  const { data } = useSuspenseQuery(updatesQuery);
  const { isWholeDay, timeZone, version, mandatory } = form.values;
  const versions = [...new Set([...data.releases.map((one) => one.version), ...(version ? [version] : [])])];
  return (
    <>
      {!ring?.isLast && (
        <>
          <TextInput
            label="Name"
            required
            data-autofocus
            maxLength={100}
            placeholder="Test machines"
            {...form.getInputProps("name")}
          />
          <RingGroupsField known={ring?.assetGroups ?? []} {...form.getInputProps("assetGroupIds")} />
        </>
      )}
      <Select
        label={RING_SETTINGS.version.label}
        description="A pinned ring stays at this version. No host goes back to an older release unless it is signed again."
        inputWrapperOrder={BELOW}
        data={[
          { value: "", label: "The newest release" },
          ...versions.map((one) => ({ value: one, label: one })),
        ]}
        allowDeselect={false}
        {...form.getInputProps("version")}
      />
      <Checkbox
        label={RING_SETTINGS.mandatory.label}
        description={`${RING_SETTINGS.mandatory.help}.`}
        {...form.getInputProps("mandatory", { type: "checkbox" })}
      />
      {!mandatory && (
        <Input.Wrapper label="Days" description={RING_SETTINGS.days.help} error={form.errors.days}>
          <Chip.Group multiple {...form.getInputProps("days")}>
            <Group gap={6} mt={6} role="group" aria-label="Days">
              {WEEKDAYS.map((day) => (
                <Chip key={day} value={day} size="xs" aria-label={WEEKDAY_NAMES[day]}>
                  {WEEKDAY_NAMES[day].slice(0, 3)}
                </Chip>
              ))}
            </Group>
          </Chip.Group>
        </Input.Wrapper>
      )}
      {!mandatory && (
        <Stack gap="xs">
          <Checkbox
            label="At any time of the day"
            {...form.getInputProps("isWholeDay", { type: "checkbox" })}
          />
          {!isWholeDay && (
            <Group gap="xs" align="start" wrap="nowrap" pl={28}>
              <TextInput type="time" label="From" flex={1} {...form.getInputProps("from")} />
              <TextInput
                type="time"
                label="Until"
                flex={1}
                description={form.values.until <= form.values.from ? "On the next day" : undefined}
                inputWrapperOrder={BELOW}
                {...form.getInputProps("until")}
              />
            </Group>
          )}
          <Select
            label={RING_SETTINGS.timeZone.label}
            searchable
            data={ZONES.includes(timeZone) ? ZONES : [timeZone, ...ZONES]}
            allowDeselect={false}
            {...form.getInputProps("timeZone")}
          />
        </Stack>
      )}
      {COUNTS.filter((name) => name !== "soakMinutes" || !ring?.isLast).map((name) => {
        const { label, help, min, max } = RING_SETTINGS[name];
        return (
          <NumberInput
            key={name}
            label={label}
            description={help.includes(". ") ? `${help}.` : help}
            inputWrapperOrder={BELOW}
            {...{ min, max }}
            allowDecimal={false}
            allowNegative={false}
            {...form.getInputProps(name)}
          />
        );
      })}
    </>
  );
}
