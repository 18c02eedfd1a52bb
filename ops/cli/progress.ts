import { type Writable } from "node:stream";

/**
 * Says how far long work has got: in place at a terminal, elsewhere every few seconds a line.
 *
 * @param words what to say now; nothing is said while it is empty
 */
export async function whileSaying<Result>(
    words: () => string,
    work: () => Promise<Result>,
    output: Writable & { readonly isTTY?: boolean } = process.stderr,
): Promise<Result> {
    const show = () => {
        if (words() !== "") output.write(output.isTTY ? `\r\u001b[K${words()}` : `${words()}\n`);
    };
    const timer = setInterval(show, output.isTTY ? 200 : 5_000);
    try {
        return await work();
    } finally {
        clearInterval(timer);
        if (output.isTTY) output.write("\r\u001b[K");
    }
}
