import type { ReactNode } from "react";
import classes from "./Status.module.css";

export type StatusColor = "green" | "yellow" | "red" | "gray";
export type StatusShape = "dot" | "half" | "cross" | "ring" | "barred" | "diamond" | "bars";

const SHAPES: Record<StatusShape, ReactNode> = {
  dot: <circle cx="6" cy="6" r="4" fill="currentColor" />,
  half: (
    <>
      <circle cx="6" cy="6" r="4" />
      <path d="M6 2a4 4 0 0 1 0 8z" fill="currentColor" />
    </>
  ),
  cross: <path d="M2.5 2.5l7 7m0-7l-7 7" strokeWidth="2.2" />,
  ring: <circle cx="6" cy="6" r="3.7" strokeWidth="1.8" />,
  barred: (
    <>
      <circle cx="6" cy="6" r="4.2" />
      <path d="M3.1 3.1l5.8 5.8" />
    </>
  ),
  diamond: <path d="M6 1.6L10.4 6L6 10.4L1.6 6z" fill="currentColor" />,
  bars: <path d="M4 2.5v7m4-7v7" strokeWidth="2.2" />,
};

const SHAPE_OF_COLOR: Record<StatusColor, StatusShape> = {
  green: "dot",
  yellow: "half",
  red: "cross",
  gray: "ring",
};

interface StatusProps {
  color: StatusColor;
  /** Tells statuses of one color apart. Absent: the shape of the color. */
  shape?: StatusShape | undefined;
  children: string;
}

/** A colored shape and a word. Color alone is not accessible. */
export function Status({ color, shape = SHAPE_OF_COLOR[color], children }: StatusProps) {
  return (
    <span className={classes.status}>
      <svg
        className={classes.shape}
        data-color={color}
        data-shape={shape}
        viewBox="0 0 12 12"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.5"
        aria-hidden="true"
      >
        {SHAPES[shape]}
      </svg>
      {children}
    </span>
  );
}
