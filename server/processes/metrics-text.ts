// Joins the metrics of the processes of a server. The text format of Prometheus requires all values of a
// metric to follow one header.

/** Each text has a label that distinguishes its values from those of the others. */
export function joinMetrics(texts: readonly string[]): string {
  const metrics = new Map<string, { header: string[]; values: string[] }>();
  for (const text of texts) {
    let current: { header: string[]; values: string[] } | undefined;
    for (const line of text.split("\n")) {
      const name = /^# HELP (\S+)/.exec(line)?.[1];
      if (name !== undefined) {
        const isNew = !metrics.has(name);
        current = metrics.get(name) ?? { header: [line], values: [] };
        if (isNew) metrics.set(name, current);
      } else if (line.startsWith("# TYPE ")) {
        if (current?.header.length === 1) current.header.push(line);
      } else if (line !== "") current?.values.push(line);
    }
  }
  const blocks = [...metrics.values()].map(({ header, values }) => [...header, ...values].join("\n"));
  return `${blocks.join("\n\n")}\n`;
}
