// Checks a form with the protocol's schema of the request, so that the console and the server have the same
// rules and messages.
import { describeIssue, issueText } from "@attacklens/protocol/issue-text.ts";
import type { Route } from "@attacklens/protocol/route.ts";
import { type FormErrors, schemaResolver } from "@mantine/form";
import { splitFields } from "./use-submit.ts";

interface FormSchemaOptions<Values> {
  schema: NonNullable<Route["body"]>;
  /** The request body that the values become. Absent: the values themselves. */
  toBody?: (values: Values) => unknown;
  /** Fields of the body that have another name in the form. */
  renamed?: Record<string, keyof Values & string>;
  /** The field for a new password. The form has a second one, `repeat`, which must have the same value. */
  repeated?: keyof Values & string;
}

/** A `validate` function for `useForm`. The server checks fields of the body that the form does not have. */
export function validateBody<Values extends object>({
  schema,
  toBody = (values) => values,
  renamed = {},
  repeated,
}: FormSchemaOptions<Values>): (values: Values) => FormErrors {
  const validate = schemaResolver(
    {
      "~standard": {
        version: 1,
        vendor: "attacklens",
        validate: (input) => {
          const values = input as Values;
          const parsed = schema.safeParse(toBody(values), { error: issueText });
          if (parsed.success) return { value: parsed.data };
          const issues = parsed.error.issues.flatMap(describeIssue);
          const fields = issues.map(({ path, message }) => [
            renamed[path.join(".")] ?? path.join("."),
            message,
          ]);
          const { known } = splitFields(Object.fromEntries(fields.toReversed()), Object.keys(values));
          return {
            issues: Object.entries(known).map(([name, message]) => ({
              path: [name],
              message: isEmpty(values[name as keyof Values]) ? "Required" : message,
            })),
          };
        },
      },
    },
    { sync: true },
  );
  if (!repeated) return validate;
  return (values) => {
    const isSame = values[repeated] === (values as { repeat?: unknown }).repeat;
    return { ...validate(values), ...(isSame ? {} : { repeat: "The passwords do not match" }) };
  };
}

/** For an empty field, `Required` is clearer than the limit that it violates. */
function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || (typeof value === "string" && value.trim() === "");
}
