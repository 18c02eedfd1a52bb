import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import execa from "execa";

import { LocalError } from "../paths";
import { versions } from "../versions";

/** A command that is built in a Go module of its own, whose go.mod and go.sum pin everything. */
interface Build {
    readonly module: string;
    readonly command: string;
    readonly binary: string;
    readonly ldflags: string;
    /** Changes the vendored sources before they are compiled. */
    readonly patch?: (module: string) => Promise<void>;
}

// Each has a module of its own: a replace directive holds in the main module only, so `go install` refuses both.
const builds: readonly Build[] = [
    {
        module: "pulumi",
        command: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        binary: "pulumi",
        ldflags: `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${versions.pulumi}`,
    },
    {
        module: "language-host",
        command: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
        binary: "pulumi-language-nodejs",
        ldflags: `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${versions.languageHost}`,
        patch: forwardUnknownCalls,
    },
];

/**
 * The language host stands between the program and the engine, and the newest one that the module proxy serves is older
 * than the engine: it knows no resource hooks and answers their registration with an error. One line of it is changed so
 * that it passes on what it does not know.
 */
async function forwardUnknownCalls(module: string): Promise<void> {
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
}

/**
 * Builds the engine and its language host from the Go module proxy into `folder`.
 *
 * @throws LocalError when Go is missing or a build fails, with the last lines that the compiler wrote.
 */
export async function buildEngine(folder: string, doing: (detail: string) => void): Promise<void> {
    await requireGo();
    for (const build of builds) {
        const module = join(folder, `module-${build.module}`);
        await cp(join(__dirname, "modules", build.module), module, { recursive: true });
        if (build.patch) {
            await go(["mod", "vendor"], module, doing, build.binary);
            await build.patch(module);
        }
        await compile(build, module, join(folder, build.binary), doing);
        await rm(module, { recursive: true });
    }
}

async function requireGo(): Promise<void> {
    try {
        await execa("go", ["version"]);
    } catch {
        throw new LocalError(
            "Pulumi is not on PATH, cannot be downloaded, and Go, which could build it, is missing. " +
                "Install Pulumi (https://www.pulumi.com/docs/install/) or Go 1.21 or newer, and run this again.",
        );
    }
}

async function compile(build: Build, module: string, output: string, doing: (detail: string) => void): Promise<void> {
    const from = build.patch ? "vendor" : "readonly";
    // -v names each package as it is compiled: what the progress line counts.
    const flags = ["-v", `-mod=${from}`, "-ldflags", build.ldflags, "-o", output];
    await go(["build", ...flags, build.command], module, doing, build.binary);
}

async function go(args: string[], cwd: string, doing: (detail: string) => void, binary: string): Promise<void> {
    const compiler = execa("go", args, { cwd, all: true, env: { GOFLAGS: "", GOWORK: "off" } });
    let compiled = 0;
    let downloaded = 0;
    compiler.all?.on("data", (chunk: Buffer) => {
        for (const line of chunk.toString().split("\n").filter(Boolean)) {
            if (line.startsWith("go: downloading")) downloaded++;
            else compiled++;
        }
        doing(`${binary}: ${downloaded} modules fetched, ${compiled} packages compiled`);
    });
    try {
        await compiler;
    } catch (error) {
        const output = (error as execa.ExecaError).all ?? String(error);
        throw new LocalError(`go ${args[0]} of ${binary} failed:\n${output.split("\n").slice(-15).join("\n")}`);
    }
}
