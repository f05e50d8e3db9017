import type { ReactNode } from "react";

/** The content of a detail page below its header. */
export function PageBody({ children, spaced = false }: { children: ReactNode; spaced?: boolean }) {
  return (
    <div style={{ padding: spaced ? "12px var(--page-edge) 32px" : "0 var(--page-edge) 32px" }}>
      {children}
    </div>
  );
}
