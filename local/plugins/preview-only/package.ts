// A whole package that can be previewed and nothing more: any type, its inputs taken as they are.

import type { ResourceType } from "../declare";
import type { Package } from "../package";

const VERSIONS: Record<string, string> = { kubernetes: "4.34.2", vault: "7.8.0" };

/** Serves previews of the package without any API behind it. */
export function previewOnlyPackage(name: string): Package<undefined> {
    return {
        name,
        version: VERSIONS[name] ?? "0.0.0",
        functions: {},
        secretSettings: [],
        type: (token) => (token.startsWith(`${name}:`) ? openType(name, token) : undefined),
        checkConfig: () => [],
        configure: () => Promise.resolve({ defaultTags: {}, secrets: [], context: () => undefined }),
    };
}

function openType(name: string, token: string): ResourceType<undefined> {
    return {
        token,
        inputs: {},
        outputs: [],
        open: true,
        previewOnly: `${token} can only be previewed here: the official ${name} plugin could not be had, and its stand-in changes nothing. Install the official plugin to create, read, update or delete it.`,
    };
}
