import { startCloud } from "./cloud";

/** The command `npm run local -- pulumi …`: the engine on stack `local`, on this terminal. Returns its exit code. */
export async function pulumi(args: readonly string[]): Promise<number> {
    return (await startCloud()).pulumi.attach(args);
}
