import { startCloud } from "./cloud";
import { alone } from "./lock";
import { localDirectory } from "./paths";

/** The command `npm run local -- pulumi …`: the engine on stack `local`, on this terminal. Returns its exit code. */
export async function pulumi(args: readonly string[]): Promise<number> {
    return alone(localDirectory(), async () => (await startCloud()).pulumi.attach(args));
}
