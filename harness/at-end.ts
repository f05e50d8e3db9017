// Closes resources that many tests share, e.g. a browser. fail-on-console-error.ts, which is loaded before
// every test file, calls closeAll: after each file with several workers, otherwise after the last one. A file
// that needs a closed resource opens it again.

const closings: (() => unknown)[] = [];

export function atEnd(close: () => unknown): void {
  closings.push(close);
}

/** Closes in reverse order of opening. */
export async function closeAll(): Promise<void> {
  for (const close of closings.splice(0).reverse()) await close();
}
