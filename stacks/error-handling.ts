import { inspect } from "node:util";

/**
 * Prints every error as its stack, without colours. Pulumi inspects in colour each error that ends a program, and its
 * source maps put frames at `node_modules/@pulumi/<file>.ts`: where Node 20.20 colours such a path it looks for a second
 * slash, finds none, and starts again from the first, until a string is too long. A message then takes fifteen seconds
 * and a gigabyte, and a program whose engine was killed, with one error for each open call, goes on for hours.
 */
Object.defineProperty(Error.prototype, inspect.custom, {
    value(this: Error) {
        return this.stack ?? String(this);
    },
});

/**
 * Ends a program whose engine was killed. Pulumi reports a failed call to the engine by another call to the engine, and
 * a broken pipe by writing to it, for ever, since nobody is there: one core and gigabytes, until somebody finds the
 * process.
 */
function endWithoutEngine(error: unknown): void {
    const { code, message = "", details } = error as { code?: unknown; message?: string; details?: string };
    const unanswered = details !== undefined && message.includes("ECONNREFUSED");
    if (unanswered || code === "EPIPE") process.exit(1);
}
process.prependListener("unhandledRejection", endWithoutEngine);
process.prependListener("uncaughtException", endWithoutEngine);
