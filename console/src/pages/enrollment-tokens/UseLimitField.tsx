import { MAX_ENROLLMENTS } from "@attacklens/protocol/token-settings.ts";
import { Group, Input, NumberInput, SegmentedControl, Stack } from "@mantine/core";
import { countOf } from "../../ui/numbers.ts";
import { proposedSpare, type TokenValues, type UseLimit, usesOf } from "./token-values.ts";

interface UseLimitFieldProps {
  values: TokenValues;
  onChange: (change: Partial<TokenValues>) => void;
  error?: string | undefined;
  /** The uses that an existing token has spent. Undefined: a new token. */
  spent?: number | undefined;
}

/** How many hosts can enroll with the token. */
export function UseLimitField({ values, onChange, error, spent }: UseLimitFieldProps) {
  const uses = usesOf(values);
  const isNew = spent === undefined;
  const number = { min: 0, max: MAX_ENROLLMENTS, allowDecimal: false, allowNegative: false, flex: 1 };
  return (
    <Stack gap="xs">
      <Input.Wrapper
        label="Number of hosts"
        labelElement="div"
        description={LIMIT_DESCRIPTIONS[values.useLimit]}
      >
        <SegmentedControl
          mt={6}
          fullWidth
          aria-label="Number of hosts"
          data={[
            { value: "one", label: "One" },
            { value: "number", label: "Limited" },
            { value: "unlimited", label: "Unlimited" },
          ]}
          value={values.useLimit}
          onChange={(text) => onChange({ useLimit: text as UseLimit })}
        />
      </Input.Wrapper>
      {values.useLimit === "number" && (
        <Input.Wrapper
          error={error}
          description={isNew ? usesText(uses) : `${countOf(spent, "use")} spent so far`}
          inputWrapperOrder={["input", "description", "error"]}
        >
          <Group gap="xs" mb={6} align="start" wrap="nowrap">
            <NumberInput
              {...number}
              label={isNew ? "Hosts" : "Uses"}
              value={values.expected}
              onChange={(expected) =>
                onChange(isNew ? { expected, spare: proposedSpare(expected) } : { expected })
              }
              error={Boolean(error)}
            />
            {isNew && (
              <NumberInput
                {...number}
                label="Spare uses"
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

const LIMIT_DESCRIPTIONS: Record<UseLimit, string> = {
  one: "One sensor can enroll. The token is used up after that.",
  number: "Sensors can enroll until the uses are spent.",
  unlimited: "Any number of sensors can enroll.",
};

function usesText(uses: number | null): string {
  const spare = "A re-imaged host takes one more use.";
  return uses === null || Number.isNaN(uses) ? spare : `${countOf(uses, "use")} in total. ${spare}`;
}
