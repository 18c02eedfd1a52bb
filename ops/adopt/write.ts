import { readFileSync, realpathSync, statSync } from "node:fs";
import { basename } from "node:path";

import { writeAtomically } from "../files/write";
import { recorded } from "../audit";
import { exitCodes, InfraError } from "../cli/errors";
import { type AdoptSettings } from "./settings";

/** A change of a stack's file. */
export interface Change {
    readonly stack: string;
    readonly service: string;
    readonly file: string;
    /** The file's text that was looked at, and the one to be. */
    readonly before: string;
    readonly after: string;
    readonly from: AdoptSettings;
    readonly to: AdoptSettings;
    readonly acceptDataLoss: boolean;
}

/**
 * Writes the stack's file whole or not at all, and records it.
 *
 * @throws InfraError when somebody has changed it meanwhile
 */
export async function write({ stack, service, file, before, after, from, to, acceptDataLoss }: Change): Promise<void> {
    const changes = [{ setting: `platform:${service}.adopt`, from, to, acceptDataLoss }];
    await recorded({ command: "adopt", stack, target: basename(file), changes }, () => {
        if (readFileSync(file, "utf8") !== before) {
            throw new InfraError(
                exitCodes.failed,
                `Nothing was changed: ${basename(file)} was changed by somebody else meanwhile.`,
                "Run this again to see what there is to change now.",
            );
        }
        writeAtomically(realpathSync(file), after, statSync(file).mode & 0o777);
        return Promise.resolve();
    });
}
