import { TOKEN_SETTINGS, type TokenSetting } from "@attacklens/protocol/token-settings.ts";
import { Checkbox, NumberInput, Select, Stack, TagsInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import type { FormSettingName, TokenValues } from "./token-values.ts";

interface SettingFieldProps {
  form: UseFormReturnType<TokenValues>;
  name: FormSettingName;
}

/** The form control for a token setting, by its kind. */
export function SettingField({ form, name }: SettingFieldProps) {
  const setting: TokenSetting = TOKEN_SETTINGS[name];
  const { label } = setting;
  const input = form.getInputProps(name);
  switch (setting.kind) {
    case "list":
      return (
        <TagsInput
          label={label}
          description={descriptionOf(setting, setting.empty && `Leave empty for ${setting.empty}`)}
          placeholder={(input.value as string[]).length === 0 ? setting.example[0] : ""}
          splitChars={setting.hasSpaces ? [","] : [",", " ", ";", "\n", "\t"]}
          maxTags={setting.maxItems}
          {...input}
        />
      );
    case "switch":
      return (
        <Checkbox
          label={label}
          description={descriptionOf(setting)}
          {...form.getInputProps(name, { type: "checkbox" })}
        />
      );
    case "choice":
      return (
        <Select
          label={label}
          description={descriptionOf(setting)}
          data={Object.entries(setting.choices).map(([value, choice]) => ({ value, label: choice }))}
          allowDeselect={false}
          {...input}
        />
      );
    case "count":
      return (
        <Stack gap={6}>
          <Checkbox
            label={label}
            description={descriptionOf(setting)}
            checked={input.value !== null}
            onChange={({ currentTarget }) => input.onChange(currentTarget.checked ? setting.suggested : null)}
          />
          {input.value !== null && (
            <NumberInput
              pl={28}
              label={setting.unit}
              min={1}
              max={setting.max}
              allowDecimal={false}
              allowNegative={false}
              {...input}
            />
          )}
        </Stack>
      );
  }
}

/** Only several sentences end with a period. */
function descriptionOf({ help }: TokenSetting, more?: string): string {
  const text = more ? `${help}. ${more}` : help;
  return text.includes(". ") ? `${text}.` : text;
}
