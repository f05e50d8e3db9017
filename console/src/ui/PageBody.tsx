import type { ReactNode } from "react";

/** The part of a detail page that scrolls when it is long. */
export function PageBody({ children, spaced = false }: { children: ReactNode; spaced?: boolean }) {
  return (
    <div style={{ padding: spaced ? "12px var(--page-edge) 32px" : "0 var(--page-edge) 32px" }}>
      {children}
    </div>
  );
}
