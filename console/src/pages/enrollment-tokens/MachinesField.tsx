import { MAX_ENROLLMENTS } from "@attacklens/protocol/token-settings.ts";
import { Group, Input, NumberInput, SegmentedControl, Stack } from "@mantine/core";
import { countOf } from "../../ui/numbers.ts";
import { type Machines, proposedSpare, type TokenValues, usesOf } from "./token-values.ts";

interface MachinesFieldProps {
  values: TokenValues;
  onChange: (change: Partial<TokenValues>) => void;
  error?: string | undefined;
  /** Of an existing token: how many uses are spent. */
  spent?: number | undefined;
}

/** How many machines are expected: sets the use limit. */
export function MachinesField({ values, onChange, error, spent }: MachinesFieldProps) {
  const uses = usesOf(values);
  const isNew = spent === undefined;
  const number = { min: 0, max: MAX_ENROLLMENTS, allowDecimal: false, allowNegative: false, flex: 1 };
  return (
    <Stack gap="xs">
      <Input.Wrapper
        label="How many machines?"
        labelElement="div"
        description={MACHINES_WORDS[values.machines]}
      >
        <SegmentedControl
          mt={6}
          fullWidth
          aria-label="How many machines?"
          data={[
            { value: "one", label: "One" },
            { value: "number", label: "A number" },
            { value: "unlimited", label: "Unlimited" },
          ]}
          value={values.machines}
          onChange={(text) => onChange({ machines: text as Machines })}
        />
      </Input.Wrapper>
      {values.machines === "number" && (
        <Input.Wrapper
          error={error}
          description={isNew ? usesText(uses) : `${countOf(spent, "use")} spent so far`}
          inputWrapperOrder={["input", "description", "error"]}
        >
          <Group gap="xs" mb={6} align="start" wrap="nowrap">
            <NumberInput
              {...number}
              label={isNew ? "Machines" : "Uses"}
              value={values.expected}
              onChange={(expected) =>
                onChange(isNew ? { expected, spare: proposedSpare(expected) } : { expected })
              }
              error={Boolean(error)}
            />
            {isNew && (
              <NumberInput
                {...number}
                label="To spare"
                value={values.spare}
                onChange={(spare) => onChange({ spare })}
                error={Boolean(error)}
              />
            )}
          </Group>
        </Input.Wrapper>
      )}
    </Stack>
  );
}

const MACHINES_WORDS: Record<Machines, string> = {
  one: "It brings in one sensor, and is used up then",
  number: "It brings in so many sensors at the most",
  unlimited: "It brings in any number of sensors",
};

function usesText(uses: number | null): string {
  return uses === null || Number.isNaN(uses)
    ? "A machine that is installed anew takes another use"
    : `${countOf(uses, "use")} in all: a machine that is installed anew takes another one`;
}
