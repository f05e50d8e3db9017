import { Button, type ButtonProps, Tooltip } from "@mantine/core";
import type { ReactNode } from "react";
import { isNotPermitted, type Obstacle } from "./obstacle.ts";

interface ActionButtonProps extends ButtonProps {
  children: ReactNode;
  onClick?: () => void;
  type?: "button" | "submit";
  /**
   * Why it is disabled or not shown. A disabled button stays focusable, so that screen readers can read the
   * reason.
   */
  disabledReason?: Obstacle | undefined;
}

export function ActionButton({ disabledReason, onClick, type = "button", ...props }: ActionButtonProps) {
  if (isNotPermitted(disabledReason)) return null;
  if (!disabledReason) return <Button type={type} {...(onClick ? { onClick } : {})} {...props} />;
  return (
    <Tooltip label={disabledReason}>
      <Button
        {...props}
        type="button"
        data-disabled
        aria-disabled="true"
        aria-description={disabledReason}
        onClick={(event) => event.preventDefault()}
      />
    </Tooltip>
  );
}
