// One bar that shows the parts of a whole, with a legend. Each part can be a filter. A part that is not empty
// is wide enough to be seen and pressed, so small parts are drawn larger than they are. The legend has the
// numbers.
import { UnstyledButton } from "@mantine/core";
import { Fragment, type ReactNode } from "react";
import { formatCount } from "./numbers.ts";
import classes from "./SegmentedBar.module.css";

export type Fill =
  | "solid-green"
  | "solid-accent"
  | "striped-yellow"
  | "dotted-yellow"
  | "striped-gray"
  | "dotted-red"
  | "striped-red"
  | "hollow-gray";

export interface Segment<Value extends string = string> {
  value: Value;
  label: string;
  count: number;
  /** Color and pattern, so that color alone distinguishes no parts. */
  fill: Fill;
}

interface SegmentedBarProps<Value extends string> {
  /** What the whole is, for screen readers. */
  label: string;
  /** In running text: `hosts`. */
  noun: string;
  segments: readonly Segment<Value>[];
  /** The chosen parts. Empty: all. */
  chosen?: ReadonlySet<Value>;
  /** Absent: the parts are no filters. */
  onToggle?: (value: Value) => void;
  /** Makes each part and its entry in the legend a link, instead of a filter. */
  linkTo?: (value: Value, props: LinkLook) => ReactNode;
}

/** What a link of a part must have. */
export interface LinkLook {
  className: string | undefined;
  children?: ReactNode;
  style?: { flexGrow: number };
  title?: string;
  "aria-label"?: string;
  "data-fill"?: Fill;
}

export function SegmentedBar<Value extends string>(props: SegmentedBarProps<Value>) {
  const { label, noun, segments, chosen, onToggle, linkTo } = props;
  const whole = segments.reduce((sum, { count }) => sum + count, 0);
  const isDimmed = ({ value }: Segment<Value>) => Boolean(chosen?.size) && !chosen?.has(value);
  const describe = ({ label, count }: Segment<Value>) =>
    `${label}: ${formatCount(count)} of ${formatCount(whole)} ${noun}, ${percentOf(count, whole)}`;
  return (
    <div>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for a form */}
      <div className={classes.bar} role="group" aria-label={label}>
        {segments
          .filter(({ count }) => count > 0)
          .map((segment) => {
            const look = {
              className: classes.segment,
              "data-fill": segment.fill,
              ...(isDimmed(segment) ? { "data-dimmed": true } : {}),
              style: { flexGrow: segment.count },
              title: describe(segment),
            };
            if (linkTo) {
              const link = linkTo(segment.value, { ...look, "aria-label": describe(segment) });
              return <Fragment key={segment.value}>{link}</Fragment>;
            }
            if (!onToggle)
              return <span key={segment.value} {...look} role="img" aria-label={describe(segment)} />;
            return (
              <UnstyledButton
                key={segment.value}
                {...look}
                aria-label={describe(segment)}
                aria-pressed={chosen?.has(segment.value) ?? false}
                onClick={() => onToggle(segment.value)}
              />
            );
          })}
      </div>
      <ul className={classes.legend} aria-label={`${label}, legend`}>
        {segments.map((segment) => {
          const content = (
            <>
              <span className={classes.swatch} data-fill={segment.fill} aria-hidden="true" />
              {segment.label}
              <span className={classes.count}>{formatCount(segment.count)}</span>
            </>
          );
          return (
            <li key={segment.value}>
              {linkTo ? (
                linkTo(segment.value, { className: classes.entry, children: content })
              ) : onToggle ? (
                <UnstyledButton
                  className={classes.entry}
                  aria-pressed={chosen?.has(segment.value) ?? false}
                  data-dimmed={isDimmed(segment) || undefined}
                  onClick={() => onToggle(segment.value)}
                >
                  {content}
                </UnstyledButton>
              ) : (
                <span className={classes.entry}>{content}</span>
              )}
            </li>
          );
        })}
      </ul>
    </div>
  );
}

/** `90%`. Neither 0% nor 100% is rounded to. */
export function percentOf(count: number, whole: number): string {
  if (whole === 0 || count === 0) return "0%";
  const percent = (count / whole) * 100;
  if (percent < 1) return "<1%";
  return `${count === whole ? 100 : Math.min(99, Math.round(percent))}%`;
}
