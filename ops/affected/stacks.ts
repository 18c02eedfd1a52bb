import { relative } from "node:path";

import { type ServiceName, serviceNames } from "../../services";
import { localAccount } from "../../stacks/placeholders";
import { parseValue } from "../../stacks/settings";
import { readStackDocument } from "../stack/document";
import { settingsPath } from "../stack/repository";
import { configValues, projectConfig, stackFile, stackNames } from "../stack/settings";

/** What of a stack decides what can touch it. */
export interface StackFacts {
    readonly name: string;
    /** Undefined where its file does not say so clearly: then they may be all. */
    readonly services?: readonly ServiceName[];
    /** Paths below the repository that its settings may name. */
    readonly named: readonly string[];
    /** Whether it is deployed to the local cloud. */
    readonly local: boolean;
}

/** The stacks that have a file in a folder. One whose file has faults is among them: its preview will say so. */
export function readStacks(folder: string): StackFacts[] {
    const shared = projectConfig(folder);
    return stackNames(folder).map((name) => {
        try {
            const text: unknown = readStackDocument(stackFile(name, folder)).toJS();
            const { services, allowedAccountIds } = configValues(text, shared);
            return {
                name,
                services: isServices(services) ? services : undefined,
                named: namedPaths([text, shared], folder),
                local: Array.isArray(allowedAccountIds) && allowedAccountIds.includes(localAccount),
            };
        } catch {
            return { name, named: [], local: true };
        }
    });
}

function isServices(value: unknown): value is ServiceName[] {
    return Array.isArray(value) && value.every((one) => (serviceNames as readonly unknown[]).includes(one));
}

/** Every text in a stack's file, as the path that it would be: a certificate authority, a kubeconfig. */
function namedPaths(value: unknown, folder: string): string[] {
    const given = parseValue(value);
    if (typeof given === "string") {
        const path = relative(folder, settingsPath(given, folder));
        return given === "" || path.startsWith("..") ? [] : [path];
    }
    if (typeof given !== "object" || given === null) return [];
    return Object.values(given).flatMap((one) => namedPaths(one, folder));
}
