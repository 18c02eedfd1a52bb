import { copyFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { randomBytes } from "node:crypto";

import execa from "execa";
import { type Document, isMap, parseDocument, type Scalar } from "yaml";

import { type Keys } from "../ops/aws/clients";
import { type EngineOptions, type EngineRun } from "../ops/cli/host";
import { writeAtomically } from "../ops/common/files";
import { stopIfInterrupted } from "../ops/common/interrupt";
import { readStackDocument, writeOutAliases } from "../ops/stack/document";
import { settingsOf } from "../ops/stack/settings";
import { parseValue, type Settings } from "../stacks/settings";
import { type Server } from "./aws/server";
import { LocalError, root } from "./paths";

/** What a call of the engine's command line needs. */
export interface PulumiSettings {
    /** Folder with `pulumi` and its language host. */
    readonly engine: string;
    /** The engine's home: plugins. Apart from the user's own, so that no stand-in is ever found by a real deployment. */
    readonly home: string;
    /** Folder of the local cloud: state, stack file, passphrase. */
    readonly folder: string;
    readonly server: Server;
    readonly credentials: Keys;
    /** A token of Vault, where there is one: the local deployer's, or the caller's for a Vault that the stack file names. */
    readonly vaultToken?: string;
    /** A stack file to try in place of the committed one; only for commands that change nothing. */
    readonly trial?: string;
}

/** The stack that `npm run local` deploys. */
export const localStack = "local";

/** Path of the stack's state in the backend of the local cloud in `folder`. */
export const stateFile = (folder: string) =>
    join(folder, "state", ".pulumi", "stacks", "platform", `${localStack}.json`);

/** The stack file that is deployed: the committed one, or the one that `PLATFORM_LOCAL_STACK_FILE` names. */
export const committedStackFile = (env = process.env) =>
    env.PLATFORM_LOCAL_STACK_FILE ? resolve(env.PLATFORM_LOCAL_STACK_FILE) : join(root, `Pulumi.${localStack}.yaml`);

/**
 * What the stack file says.
 *
 * @throws InfraError for what is no stack file
 */
export function readCommittedStack(path = committedStackFile()): Document {
    const document = readStackDocument(path);
    const section = clusterSection.slice(0, -1);
    writeOutAliases(document, section);
    // `pulumi config set` writes a section as JSON text; nothing but its name is an empty one.
    const given: unknown = document.getIn(section);
    if (document.hasIn(section) && !isMap(given)) document.setIn(section, document.createNode(parseValue(given) ?? {}));
    return document;
}

/** The settings in it, with the cluster that the stack was last deployed to, if it was. */
export function localSettings(folder: string): Settings {
    const document = readCommittedStack();
    const deployed = deployedStackFile(folder);
    const cluster = existsSync(deployed) ? readStackDocument(deployed).getIn(clusterSection) : undefined;
    if (cluster && !document.hasIn(clusterSection)) document.setIn(clusterSection, cluster);
    return settingsOf(document, basename(committedStackFile()));
}

const clusterSection = ["config", "platform:clinical-ai", "cluster"];

/**
 * Whether a stack file names a cluster of its own for clinical-ai. By Vault's address: what the local Vault gave is sent
 * to that address alone, and what is somebody else's never comes from here.
 */
export function namesOtherCluster(stackFile: Document, localVaultAddress: string): boolean {
    return (
        stackFile.hasIn(clusterSection) &&
        stackFile.getIn([...clusterSection, "vault", "address"]) !== localVaultAddress
    );
}

/** What is deployed: the committed file with the addresses of this machine. */
const deployedStackFile = (folder: string) => join(folder, `Pulumi.${localStack}.yaml`);

/** Whether a command of the engine reads the stack file, and takes an option that names it. */
export const readsStackFile = ([command = ""]: readonly string[]) =>
    /^(up|update|preview|refresh|destroy|config|import)$/.test(command);

/** The engine's command line on stack `local`, with its state, its plugins and the deployer's credentials. */
export class Pulumi {
    readonly env: Record<string, string>;

    constructor(private readonly settings: PulumiSettings) {
        this.env = pulumiEnvironment(settings);
    }

    /**
     * Makes the stack file for this port, and the stack itself; returns whether there was none.
     *
     * @param cluster the section `cluster` of clinical-ai, where there is a cluster
     */
    async prepare(cluster?: object): Promise<boolean> {
        const { folder, server, trial } = this.settings;
        const salted = deployedStackFile(folder);
        writeStackFile(trial ?? committedStackFile(), this.stackFile, salted, server, cluster);
        mkdirSync(join(folder, "state"), { recursive: true, mode: 0o700 });
        if (existsSync(this.stateFile)) return false;
        // `stack init` writes the encryption salt into the stack file of its project: a copy of the project beside the
        // state, so that no committed file changes.
        copyFileSync(join(root, "Pulumi.yaml"), join(folder, "Pulumi.yaml"));
        await this.run(["stack", "init", localStack, "--secrets-provider", "passphrase", "--cwd", folder]);
        return true;
    }

    /** Path of the stack's state in the backend. */
    get stateFile(): string {
        return stateFile(this.settings.folder);
    }

    /** Path of the stack file in use: the committed one with this port's endpoints and this state's encryption salt. */
    get stackFile(): string {
        const { folder, trial } = this.settings;
        return trial === undefined ? deployedStackFile(folder) : join(folder, "trial.yaml");
    }

    /** Runs a command with its words on standard error, where progress belongs. */
    async show(args: readonly string[]): Promise<void> {
        const { exitCode, signal } = await this.spawn(args, { stdio: ["ignore", process.stderr, process.stderr] });
        if (signal) throw new LocalError(`pulumi ${args[0]} was ended by ${signal}; run this again to recover`);
        if (exitCode !== 0) throw new LocalError(`pulumi ${args[0]} failed (exit code ${exitCode}); see above`);
    }

    /** Runs a command quietly, with `input` on its standard input, and returns what it printed. */
    async run(args: readonly string[], input?: string): Promise<string> {
        const { exitCode, stdout, stderr } = await this.spawn(args, { input: input ?? "" });
        if (exitCode !== 0) throw new LocalError(`pulumi ${args.join(" ")} failed:\n${stderr}${stdout}`.trim());
        return stdout;
    }

    /** Runs a command on this process's own terminal and returns its exit code. */
    async attach(args: readonly string[]): Promise<number> {
        const { exitCode, signal } = await this.spawn(args, { stdio: "inherit" });
        if (signal) {
            throw new LocalError(`pulumi ${args[0]} was ended by ${signal}; npm run local -- recover repairs it`);
        }
        return exitCode;
    }

    /** Runs a command, shown on standard error or kept, and returns how it ended. */
    async execute(args: readonly string[], { show = false, input = "" }: EngineOptions): Promise<EngineRun> {
        const { exitCode, signal, stdout, stderr } = await this.spawn(
            args,
            show ? { stdio: ["ignore", process.stderr, process.stderr] } : { input },
        );
        // Ctrl-C ends the engine like that before it listens for it.
        const ended = signal ? `pulumi ${args[0]} was ended by ${signal}` : "";
        return { exitCode: exitCode ?? 1, stdout: stdout ?? "", stderr: stderr || ended };
    }

    /** What names the stack and its file, for the commands that take such flags. */
    private stackFlags([command, subcommand]: readonly string[]): string[] {
        if (!command || /^(version|plugin|help|whoami|about)$/.test(command)) return [];
        if (command === "stack" && subcommand === "init") return [];
        return ["--stack", localStack, ...(readsStackFile([command]) ? ["--config-file", this.stackFile] : [])];
    }

    private async spawn(args: readonly string[], options: execa.Options): Promise<execa.ExecaReturnValue> {
        stopIfInterrupted();
        return execa(join(this.settings.engine, "pulumi"), [...args, ...this.stackFlags(args)], {
            cwd: root,
            env: this.env,
            extendEnv: false,
            reject: false,
            // The engine hears Ctrl-C itself, since it is of the same process group, and ends its update in order.
            cleanup: false,
            ...options,
        });
    }
}

/**
 * The whole environment of the engine: nothing of the caller's AWS, Pulumi or Vault variables comes through, so that no
 * credential of another project is used.
 */
export function pulumiEnvironment({
    engine,
    home,
    folder,
    server,
    credentials,
    vaultToken,
}: Omit<PulumiSettings, "server"> & { readonly server: Pick<Server, "caBundle"> }): Record<string, string> {
    const kept = Object.fromEntries(
        ["HOME", "LANG", "TERM", "USER", "NO_COLOR", "CI"].flatMap((name) =>
            process.env[name] === undefined ? [] : [[name, process.env[name]]],
        ),
    ) as Record<string, string>;
    return {
        ...kept,
        PATH: `${engine}:${process.env.PATH}`,
        TMPDIR: temporaryFolder(folder),
        PULUMI_HOME: home,
        PULUMI_BACKEND_URL: `file://${join(folder, "state")}`,
        PULUMI_CONFIG_PASSPHRASE: passphrase(folder),
        PULUMI_SKIP_UPDATE_CHECK: "true",
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
        // As the program says at the provider; a plugin that was built knows it by this variable only.
        PULUMI_K8S_ENABLE_PATCH_FORCE: "true",
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
        AWS_CA_BUNDLE: server.caBundle,
        ...(vaultToken === undefined ? {} : { VAULT_TOKEN: vaultToken }),
        // Without these the SDKs would look for a profile and for instance metadata.
        AWS_CONFIG_FILE: "/dev/null",
        AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
        AWS_EC2_METADATA_DISABLED: "true",
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
    };
}

/**
 * The engine keeps the code of functions in its temporary folder, under names that are the same for every user, and leaves
 * it there. In one of its own it meets nobody else's files, and `down` removes it.
 */
function temporaryFolder(folder: string): string {
    const path = join(folder, "tmp");
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return path;
}

function passphrase(folder: string): string {
    const path = join(folder, "passphrase");
    if (!existsSync(path)) writeAtomically(path, randomBytes(24).toString("base64url"));
    return readFileSync(path, "utf8");
}

/**
 * Writes the committed stack file with the ports of the local AWS and with the cluster, and with the encryption salt of
 * `salted`, the one in use. A cluster that the committed file names stays as it is.
 */
function writeStackFile(
    committed: string,
    path: string,
    salted: string,
    { endpoint, proxy }: Server,
    cluster: object | undefined,
): void {
    const document = readCommittedStack(committed);
    const { port } = new URL(endpoint);
    const services = document.getIn(["config", "aws:endpoints", 0]);
    if (!isMap<Scalar<string>, Scalar<string>>(services)) {
        throw new LocalError(`${committed} has no aws:endpoints: without them the stack would go to AWS itself.`);
    }
    for (const { value } of services.items) value!.value = value!.value.replace(/:\d+$/, `:${port}`);
    for (const key of ["aws:httpProxy", "aws:httpsProxy"]) document.setIn(["config", key], proxy);
    if (cluster && !document.hasIn(clusterSection)) document.setIn(clusterSection, document.createNode(cluster));
    if (existsSync(salted)) {
        const salt = parseDocument(readFileSync(salted, "utf8")).get("encryptionsalt");
        if (salt) document.set("encryptionsalt", salt);
    }
    writeAtomically(path, document.toString());
}
