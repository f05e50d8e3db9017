import { ROLE_NAMES, ROLES } from "@attacklens/protocol/permissions.ts";
import { Radio, Stack } from "@mantine/core";
import { roleDescription } from "../../components/role-words.ts";

interface RoleFieldProps {
  value?: string;
  onChange?: (value: string) => void;
  error?: React.ReactNode;
  /** The dialog opens with the focus on the current role. */
  hasFirstFocus?: boolean;
}

/** The roles, each with the permissions that it adds. Accepts the props of a form's input. */
export function RoleField({ hasFirstFocus = false, ...props }: RoleFieldProps) {
  return (
    <Radio.Group label="Role" description="Each role includes the roles above it in this list" {...props}>
      <Stack gap={8} mt={8}>
        {ROLES.map((role) => (
          <Radio
            key={role}
            value={role}
            label={ROLE_NAMES[role]}
            description={roleDescription(role)}
            {...(hasFirstFocus && role === props.value ? { "data-autofocus": true } : {})}
          />
        ))}
      </Stack>
    </Radio.Group>
  );
}
