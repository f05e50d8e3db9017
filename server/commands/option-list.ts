// Options and their descriptions in two columns, for help texts. Pure.

const WIDTH = 100;

/** Returns lines of `option  description`. A long description continues on indented lines. */
export function optionList(options: readonly (readonly [option: string, description: string])[]): string {
  const column = 4 + Math.max(...options.map(([option]) => option.length));
  return options
    .flatMap(([option, description]) => {
      const [first = "", ...more] = wrap(description, WIDTH - column);
      return [`  ${option}`.padEnd(column) + first, ...more.map((line) => " ".repeat(column) + line)];
    })
    .join("\n");
}

export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
