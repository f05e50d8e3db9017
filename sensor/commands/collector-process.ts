// The command of a collector process, which only this program starts. Each line of standard input is a
// request, and each reply is some lines on standard output. It ends with its input.
import { answer } from "../inventory/answer-requests.ts";
import { endWithParent } from "../inventory/end-with-parent.ts";

export async function collectorProcessCommand([root = "/"]: string[]): Promise<void> {
  await endWithParent();
  for await (const request of console) {
    // The end of the input is an empty line.
    if (request === "") return;
    for (const line of await answer(request, root)) {
      await Bun.write(Bun.stdout, line);
      await Bun.write(Bun.stdout, "\n");
    }
  }
}
