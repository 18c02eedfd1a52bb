import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { buildWithGo, type GoBuild } from "../go-build";
import { versions } from "../versions";

const modules = join(__dirname, "modules");
const versionFlag = "-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version";

const builds: readonly GoBuild[] = [
    {
        module: join(modules, "pulumi"),
        command: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        binary: "pulumi",
        ldflags: `${versionFlag}=v${versions.pulumi}`,
    },
    {
        module: join(modules, "language-host"),
        command: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
        binary: "pulumi-language-nodejs",
        ldflags: `${versionFlag}=v${versions.languageHost}`,
        prepare: forwardUnknownCalls,
    },
];

/**
 * The language host stands between the program and the engine, and the newest one that the module proxy serves is older
 * than the engine: it knows no resource hooks and answers their registration with an error. One line of it is changed so
 * that it passes on what it does not know.
 */
async function forwardUnknownCalls(module: string, go: (...args: string[]) => Promise<void>): Promise<string[]> {
    await go("mod", "vendor");
    const folder = join(module, "vendor", "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs");
    const source = await readFile(join(folder, "main.go"), "utf8");
    const options = "rpcutil.OpenTracingServerInterceptorOptions(tracingSpan)";
    const [before, after, ...more] = source.split(
        `\t\tOptions: ${options},\n\t})\n\tif err != nil {\n\t\treturn nil, err`,
    );
    if (after === undefined || more.length > 0) throw new Error("The language host's source is not the expected one.");
    const patched = `${before}\t\tOptions: append(${options}, forwardUnknown(conn)),\n\t})\n\tif err != nil {\n\t\treturn nil, err${after}`;
    await writeFile(join(folder, "main.go"), patched);
    await cp(join(module, "patch", "forward_unknown.go"), join(folder, "forward_unknown.go"));
    return ["-mod=vendor"];
}

/** Builds the engine and its language host from the Go module proxy into `folder`. */
export const buildEngine = (folder: string, doing: (detail: string) => void): Promise<void> =>
    buildWithGo(`Pulumi ${versions.pulumi}`, builds, folder, doing);
