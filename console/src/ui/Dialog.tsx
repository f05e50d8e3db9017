// Every dialog of the console: Esc closes only the innermost layer, and the focus returns to where it was.
import { Modal, type ModalProps } from "@mantine/core";
import { type ReactNode, type RefObject, useEffect, useRef } from "react";
import classes from "./Dialog.module.css";
import { isDialogOpen, isFocusLost, lastFocused, returnFocus } from "./focus-origin.ts";

interface DialogProps {
  title: string;
  size: number;
  children: ReactNode;
  /** Called by Esc, by a click outside and by the close button. Absent: only a button inside closes it. */
  onDismiss?: (() => void) | undefined;
  withCloseButton?: boolean;
  /** Where the focus is trapped. Not while another dialog is on top. */
  trapFocus?: boolean;
}

export function Dialog({ onDismiss, withCloseButton = false, trapFocus = true, ...props }: DialogProps) {
  const content = useRef<HTMLDivElement>(null);
  useEscape(content, onDismiss);
  useFocusReturned();
  const modal: Partial<ModalProps> = { closeOnEscape: false, returnFocus: false, trapFocus, withCloseButton };
  return (
    <Modal
      opened
      {...modal}
      title={props.title}
      size={props.size}
      onClose={() => onDismiss?.()}
      closeOnClickOutside={onDismiss !== undefined}
      closeButtonProps={{ "aria-label": "Close dialog" }}
      classNames={{ inner: classes.inner ?? "", content: classes.content ?? "" }}
    >
      <div ref={content}>{props.children}</div>
    </Modal>
  );
}

/** The layers that close before the dialog below them: menus, lists of choices, calendars. */
const OPEN_LAYERS = "[aria-haspopup][aria-expanded=true], .mantine-Popover-dropdown, .mantine-Menu-dropdown";

function useEscape(content: RefObject<HTMLDivElement | null>, onDismiss: (() => void) | undefined): void {
  const latest = useRef(onDismiss);
  useEffect(() => {
    latest.current = onDismiss;
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || event.isComposing || event.defaultPrevented) return;
      const innermost = [...document.querySelectorAll("[role=dialog][aria-modal=true]")].at(-1);
      const isCovered = [...document.querySelectorAll(OPEN_LAYERS)].some((layer) => layer.checkVisibility());
      if (isCovered || !content.current || !innermost?.contains(content.current)) return;
      // The listener of a dialog below does not act on the same key.
      event.preventDefault();
      latest.current?.();
    };
    window.addEventListener("keydown", listen, { capture: true });
    return () => window.removeEventListener("keydown", listen, { capture: true });
  }, [content]);
}

function useFocusReturned(): void {
  useEffect(() => {
    const origin = lastFocused();
    return () => {
      // After the page behind has been drawn, which can lack the row or the button by now.
      setTimeout(() => {
        if (!isDialogOpen() && isFocusLost()) returnFocus(origin);
      }, 20);
    };
  }, []);
}
