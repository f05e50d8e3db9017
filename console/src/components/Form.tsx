import { type ReactNode, useEffect, useRef } from "react";

interface FormProps {
  onSubmit: React.SubmitEventHandler<HTMLFormElement>;
  isSubmitting: boolean;
  children: ReactNode;
}

const FOCUSABLE = "input:not([type=hidden]), textarea, select, button";

/** A form. When a submit is refused, by the page or by the server, the first wrong field has the focus. */
export function Form({ onSubmit, isSubmitting, children }: FormProps) {
  const form = useRef<HTMLFormElement>(null);
  const isSent = useRef(false);
  // After every render, because the errors can be drawn later than the end of the request.
  useEffect(() => {
    if (!isSent.current || isSubmitting || !form.current) return;
    isSent.current = false;
    focusFirstError(form.current);
  });
  return (
    <form
      ref={form}
      noValidate
      onSubmit={(event) => {
        isSent.current = true;
        onSubmit(event);
      }}
    >
      {children}
    </form>
  );
}

function focusFirstError(form: HTMLFormElement): void {
  const wrong = form.querySelector<HTMLElement>("[aria-invalid=true], .mantine-InputWrapper-error");
  const wrapper = wrong?.closest(".mantine-InputWrapper-root");
  const field = wrong?.matches(FOCUSABLE) ? wrong : wrapper?.querySelector<HTMLElement>(FOCUSABLE);
  // A button that was disabled during the request lost the focus.
  const target = field ?? (form.contains(document.activeElement) ? undefined : submitOf(form));
  target?.focus();
}

function submitOf(form: HTMLFormElement): HTMLElement | undefined {
  return form.querySelector<HTMLElement>("button[type=submit]") ?? undefined;
}
