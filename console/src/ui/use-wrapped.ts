import { useLayoutEffect, useRef, useState } from "react";

/**
 * Which children of a wrapping row are not on its first line, by index. The row hides its other lines.
 * Measures again when the row's width or `content` changes.
 */
export function useWrapped(content: string) {
  const row = useRef<HTMLDivElement>(null);
  const [wrapped, setWrapped] = useState<ReadonlySet<number>>(new Set());
  // biome-ignore lint/correctness/useExhaustiveDependencies: other children have other widths
  useLayoutEffect(() => {
    const element = row.current;
    if (!element) return;
    const measure = () => {
      const children = [...element.children] as HTMLElement[];
      const first = children[0]?.offsetTop ?? 0;
      const below = children.flatMap(({ offsetTop }, index) => (offsetTop > first ? index : []));
      setWrapped((before) => (before.size === below.length ? before : new Set(below)));
    };
    const observer = new ResizeObserver(measure);
    // A child grows when its count does.
    for (const one of [element, ...element.children]) observer.observe(one);
    measure();
    return () => observer.disconnect();
  }, [content]);
  return { row, wrapped };
}
