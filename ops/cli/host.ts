import { type Gap } from "../../services/checks";
import { type Settings } from "../../stacks/settings";
import { type Connection, type Keys } from "../aws/clients";
import { type ClusterAccess } from "../kubernetes/access";

/**
 * Where the tool works: the stacks' files, what deploys them, and where their clouds answer. There are two: the
 * repository with whatever its user is logged in to, and the local cloud.
 */
export interface Host {
    /** How the tool is called, for what it tells people to type. */
    readonly program: string;
    /** How the engine is called, for the same. */
    readonly engine: string;
    /** The one stack there is; undefined where `--stack` says which. */
    readonly onlyStack?: string;
    /** What people type to deploy a stack. */
    upCommand(stack: string): string;
    /** Folder of the locks by which runs on the same stacks exclude each other. */
    readonly locks: string;
    /** Folder in which the engine keeps the stacks' states. @default the engine knows where they are */
    readonly backend?: string;
    /** How the cloud of this machine is; undefined where there is none. It is not started. */
    localCloud?(): Promise<LocalCloudStatus>;
    /** How things are fixed here. @default as in somebody's own clouds */
    readonly remedies?: Remedies;
    /** Where AWS answers, and by which authority it is trusted; AWS itself where empty. */
    readonly aws: Omit<Connection, "region">;
    /** What the emulator that answers for AWS lacks. @default nothing: it is AWS */
    readonly gaps?: readonly Gap[];
    /**
     * Finds the clouds that the stacks are in, once, before anything below is asked for.
     *
     * @throws InfraError where they do not run
     * @default they are there
     */
    open?(): Promise<void>;
    /**
     * Path of the file in which people, and the tool for them, change a stack's settings.
     *
     * @throws InfraError when there is no such stack
     */
    stackFile(stack: string): string;
    /**
     * A stack's settings as they are deployed.
     *
     * @throws InfraError when there is no such stack, or its file has faults
     */
    settings(stack: string): Settings;
    /**
     * Runs `pulumi <args>` on a stack: its words are shown on standard error as they come, or kept.
     *
     * @throws InfraError when it cannot be started
     */
    pulumi(stack: string, args: readonly string[], options?: EngineOptions): Promise<EngineRun>;
    /**
     * Finishes an update that was killed.
     *
     * @returns false where none was
     * @throws InfraError where somebody has to decide, or another update is at work
     */
    recover(stack: string): Promise<boolean>;
    /**
     * Whoever deploys a stack, or may read all of it.
     *
     * @param profile of the AWS configuration files
     * @throws InfraError when there are no such credentials
     */
    credentials(who: "deployer" | "operator", profile?: string): Promise<Keys>;
    /** What opens the stack's cluster and Vault; undefined where nothing does. */
    cluster(stack: string, who: "deployer" | "operator"): ClusterAccess | undefined;
}

export interface EngineOptions {
    /** @default false */
    readonly show?: boolean;
    /** What stands on its standard input, where nothing is shown. @default nothing */
    readonly input?: string;
    /** A stack file to try in place of the stack's own, for commands that read one and change nothing. */
    readonly file?: string;
}

/** What a run of the engine ended with. */
export interface EngineRun {
    readonly exitCode: number;
    /** Empty where it was shown. */
    readonly stdout: string;
    readonly stderr: string;
}

/** How the cloud of this machine is. */
export interface LocalCloudStatus {
    readonly running: boolean;
    /** Where the local AWS answers; where it does not run, undefined. */
    readonly endpoint?: string;
    /** Addresses of Kubernetes and Vault where it has a cluster, and whether they answer. */
    readonly cluster?: { readonly kubernetes: string; readonly vault: string; readonly running: boolean };
}

/** The commands that fix things. */
export interface Remedies {
    readonly up: string;
    /** Makes again what was deleted or changed by hand. */
    readonly refresh: string;
    readonly kubernetes: string;
    readonly vault: string;
    readonly unseal: string;
    readonly externalSecrets: string;
    readonly reloader: string;
    /** What comes before a command of aws or kubectl, so that it goes to the stack's clouds. */
    readonly tools: string;
    /** Finishes an update that was killed. */
    readonly recover: string;
}
