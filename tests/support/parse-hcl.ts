// Parses HCL with HashiCorp's own parser, compiled to WebAssembly. It finds syntax errors. It does not know
// which resources, arguments and functions exist.
import { parse } from "@cdktn/hcl2json";

/** The blocks by type, as JSON of Terraform. Throws with the place of a syntax error. */
export async function parseHcl(text: string): Promise<Record<string, Record<string, unknown>>> {
  return await parse("text.tf", text);
}
