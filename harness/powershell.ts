// Parses PowerShell where none runs, with the grammar that editors use (tree-sitter). It finds syntax errors.
// It does not know which commands and parameters exist.
import { join } from "node:path";
import { ROOT } from "./terminal.ts";

const FOLDER = join(ROOT, "node_modules/@vscode/tree-sitter-wasm/wasm");

/** The part of the package that is used. The package declares no types for it. */
interface Node {
  isError: boolean;
  isMissing: boolean;
  text: string;
  startPosition: { row: number };
  children: Node[];
}
interface TreeSitter {
  Parser: { init(): Promise<void>; new (): Parser };
  Language: { load(path: string): Promise<object> };
}
interface Parser {
  setLanguage(language: object): void;
  parse(text: string): { rootNode: Node };
}

/** Returns `line: text` for each place that cannot be parsed. */
export async function findPowerShellErrors(text: string): Promise<string[]> {
  // @ts-expect-error: the package declares the types of a module with another name
  const { Parser, Language }: TreeSitter = await import("@vscode/tree-sitter-wasm/wasm/tree-sitter.js");
  await Parser.init();
  const parser = new Parser();
  parser.setLanguage(await Language.load(join(FOLDER, "tree-sitter-powershell.wasm")));
  const errorsIn = (node: Node): string[] =>
    node.isError || node.isMissing
      ? [`${node.startPosition.row + 1}: ${node.text.slice(0, 60)}`]
      : node.children.flatMap(errorsIn);
  return errorsIn(parser.parse(text).rootNode);
}
