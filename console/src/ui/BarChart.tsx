// Stacked bars over time. The arrow keys read the bars one by one, and a table has the same numbers.
import { type KeyboardEvent, type PointerEvent, type ReactNode, useId, useState } from "react";
import classes from "./BarChart.module.css";
import { axisTop } from "./chart-scale.ts";
import { formatCount } from "./numbers.ts";

export interface Series {
  label: string;
  fill: "accent" | "red";
}

export interface Bar {
  key: string;
  /** Below the axis. */
  label: string;
  /** The whole name: in the readout and in the table. */
  title: string;
  /** One value for each series. */
  values: readonly number[];
  /** Replaces the values in the table, for example by links. */
  cells?: readonly ReactNode[];
}

interface BarChartProps {
  label: string;
  /** Shown while no bar is chosen. */
  summary: string;
  /** The heading of the first column of the table. */
  barHeading: string;
  series: readonly Series[];
  bars: readonly Bar[];
  /** Beside the keys of the series. */
  tools?: ReactNode;
}

const WIDTH = 1_000;
const HEIGHT = 100;
/** Room for small parts on top of the highest bar. */
const MARGIN = 4;
/** The part of a bar's room that stays free. */
const GAP = 0.15;

export function BarChart({ label, summary, barHeading, series, bars, tools }: BarChartProps) {
  const id = useId();
  const [chosen, setChosen] = useState<number>();
  const index = chosen === undefined ? undefined : Math.min(chosen, bars.length - 1);
  const bar = index === undefined ? undefined : bars[index];
  const top = axisTop(bars.map(totalOf));
  const room = WIDTH / Math.max(1, bars.length);
  const describe = ({ title, values }: Bar) =>
    `${title}: ${series.map((one, nth) => `${formatCount(values[nth] ?? 0)} ${one.label.toLowerCase()}`).join(", ")}`;

  function onKeyDown(event: KeyboardEvent): void {
    const last = bars.length - 1;
    const at = index ?? (event.key === "ArrowLeft" ? last + 1 : -1);
    const targets: Record<string, number> = {
      ...{ ArrowRight: at + 1, ArrowUp: at + 1, ArrowLeft: at - 1, ArrowDown: at - 1 },
      ...{ PageUp: at + 10, PageDown: at - 10, Home: 0, End: last },
    };
    const target = targets[event.key];
    if (target === undefined) return;
    event.preventDefault();
    setChosen(Math.max(0, Math.min(last, target)));
  }
  function onPointerMove({ currentTarget, clientX }: PointerEvent): void {
    const { left, width } = currentTarget.getBoundingClientRect();
    setChosen(Math.max(0, Math.min(bars.length - 1, Math.floor(((clientX - left) / width) * bars.length))));
  }

  return (
    <figure className={classes.figure} aria-labelledby={id}>
      <figcaption className={classes.head}>
        <span id={id} className={classes.title}>
          {label}
        </span>
        <span className={classes.keys} aria-hidden="true">
          {series.map((one) => (
            <span key={one.label} className={classes.key}>
              <span className={classes.swatch} data-fill={one.fill} />
              {one.label}
            </span>
          ))}
        </span>
        {tools && <span className={classes.tools}>{tools}</span>}
      </figcaption>
      <div className={classes.readout}>{bar ? describe(bar) : summary}</div>
      <div className={classes.chart}>
        <div className={classes.axis} aria-hidden="true">
          <span>{formatCount(top)}</span>
          <span>{top % 2 === 0 ? formatCount(top / 2) : ""}</span>
          <span>0</span>
        </div>
        <div
          className={classes.plot}
          role="slider"
          tabIndex={0}
          aria-label={label}
          aria-valuemin={1}
          aria-valuemax={bars.length}
          aria-valuenow={(index ?? bars.length - 1) + 1}
          aria-valuetext={bar ? describe(bar) : summary}
          onKeyDown={onKeyDown}
          onPointerMove={onPointerMove}
          onPointerLeave={() => setChosen(undefined)}
          onBlur={() => setChosen(undefined)}
        >
          <svg
            viewBox={`0 ${-MARGIN} ${WIDTH} ${HEIGHT + MARGIN}`}
            preserveAspectRatio="none"
            aria-hidden="true"
          >
            <line className={classes.line} x1="0" x2={WIDTH} y1="0.5" y2="0.5" />
            <line className={classes.line} x1="0" x2={WIDTH} y1={HEIGHT / 2} y2={HEIGHT / 2} />
            {index !== undefined && (
              <rect className={classes.chosen} x={index * room} y="0" width={room} height={HEIGHT} />
            )}
            {bars.map(({ key, values }, nth) => {
              let y = HEIGHT;
              return values.map((value, nthSeries) => {
                if (value === 0) return null;
                // At least visible, however many the highest bar has.
                const height = Math.max(1.5, (value / top) * HEIGHT);
                y -= height;
                return (
                  <rect
                    key={`${key} ${series[nthSeries]?.label}`}
                    className={classes.bar}
                    data-fill={series[nthSeries]?.fill}
                    x={nth * room + (room * GAP) / 2}
                    width={room * (1 - GAP)}
                    y={y}
                    height={height}
                  />
                );
              });
            })}
            <line className={classes.base} x1="0" x2={WIDTH} y1={HEIGHT - 0.5} y2={HEIGHT - 0.5} />
          </svg>
        </div>
        <div className={classes.times} aria-hidden="true">
          <span>{bars[0]?.label}</span>
          {bars.length > 4 && (
            <span className={classes.middle}>{bars[Math.floor(bars.length / 2)]?.label}</span>
          )}
          <span>{bars.length > 1 ? bars.at(-1)?.label : ""}</span>
        </div>
      </div>
      <details className={classes.details}>
        <summary>Show as table</summary>
        <div className={classes.scroller}>
          <table>
            <caption className="visually-hidden">{label}</caption>
            <thead>
              <tr>
                <th scope="col">{barHeading}</th>
                {series.map((one) => (
                  <th key={one.label} scope="col">
                    {one.label}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {bars
                .filter((one) => totalOf(one) > 0)
                .map(({ key, title, values, cells }) => (
                  <tr key={key}>
                    <th scope="row">{title}</th>
                    {values.map((value, nth) => (
                      <td key={series[nth]?.label}>{cells?.[nth] ?? formatCount(value)}</td>
                    ))}
                  </tr>
                ))}
            </tbody>
          </table>
        </div>
      </details>
    </figure>
  );
}

function totalOf({ values }: Bar): number {
  return values.reduce((sum, value) => sum + value, 0);
}
