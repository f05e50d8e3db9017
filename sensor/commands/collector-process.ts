// The command of a collector process, which only this program starts. Each line of standard input is a
// request, and each reply is some lines on standard output. It ends with its input.
import { limitProgram, openProgram } from "../collectors/garbage.ts";
import { openCLibrary } from "../inventory/c-library.ts";
import { endWithParent } from "../inventory/end-with-parent.ts";
import { findProgramPages } from "../inventory/program-pages.ts";

export async function collectorProcessCommand([root = "/"]: string[]): Promise<void> {
  const library = await openCLibrary();
  endWithParent(library);
  const letGo = library && findProgramPages(library);
  if (letGo) openProgram(letGo);
  const { answer } = await import("../inventory/answer-requests.ts");
  limitProgram();
  for await (const request of console) {
    // The end of the input is an empty line.
    if (request === "") return;
    for (const line of await answer(request, root)) {
      await Bun.write(Bun.stdout, line);
      await Bun.write(Bun.stdout, "\n");
    }
  }
}
