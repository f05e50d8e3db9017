// Whether a form holds input that nothing has saved yet.
import { useEffect } from "react";

const dirtyForms = new Set<object>();

export function hasUnsavedInput(): boolean {
  return dirtyForms.size > 0;
}

export function useUnsaved(isDirty: boolean): void {
  useEffect(() => {
    if (!isDirty) return;
    const form = {};
    dirtyForms.add(form);
    return () => void dirtyForms.delete(form);
  }, [isDirty]);
}
