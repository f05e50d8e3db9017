// Submits a form. The messages of a problem go to the fields of the form; the rest becomes the error of the
// form.
import type { UseFormReturnType } from "@mantine/form";
import { useState } from "react";
import { problemOf } from "../api.ts";

export interface Submission {
  submit: (send: () => Promise<void>) => Promise<void>;
  isSubmitting: boolean;
  error: string | undefined;
}

// biome-ignore lint/suspicious/noExplicitAny: accepts any form, because it does not read the values
export function useSubmit(form: UseFormReturnType<any, any>, nameField?: string): Submission {
  const [isSubmitting, setSubmitting] = useState(false);
  const [error, setError] = useState<string>();
  async function submit(send: () => Promise<void>) {
    setSubmitting(true);
    setError(undefined);
    try {
      await send();
    } catch (thrown) {
      const problem = problemOf(thrown);
      const { known, other } = splitFields(fieldsOf(problem, nameField), Object.keys(form.getValues()));
      form.setErrors(known);
      if (Object.keys(known).length === 0) setError(other ?? problem.detail);
      else if (other) setError(other);
    } finally {
      setSubmitting(false);
    }
  }
  return { submit, isSubmitting, error };
}

function fieldsOf(problem: ReturnType<typeof problemOf>, nameField?: string): Record<string, string> {
  if (problem.fields && Object.keys(problem.fields).length > 0) return problem.fields;
  return problem.code === "name-taken" && nameField ? { [nameField]: problem.detail } : {};
}

/**
 * Splits messages by field of the form. `scope.assetGroupId` belongs to `assetGroupId` or `scope`, and
 * `tags.0` to `tags`.
 */
export function splitFields(
  fields: Record<string, string>,
  names: readonly string[],
): { known: Record<string, string>; other: string | undefined } {
  const known: Record<string, string> = {};
  const rest: string[] = [];
  for (const [path, message] of Object.entries(fields)) {
    const name = [path, path.split(".").at(-1) ?? "", path.split(".")[0] ?? ""].find((one) =>
      names.includes(one),
    );
    const entry = /\.(\d+)$/.exec(path)?.[1];
    const text = entry === undefined ? message : `entry ${Number(entry) + 1} ${message}`;
    if (name) known[name] ??= underField(text);
    else rest.push(`${path}: ${message}`);
  }
  return { known, other: rest.length > 0 ? rest.join("; ") : undefined };
}

/** Messages continue the name of the field. Below the field, "is already in use" becomes "Already in use". */
function underField(message: string): string {
  const text = message.replace(/^is /, "");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
