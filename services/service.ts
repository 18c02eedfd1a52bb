import { type z } from "zod";

import { type KeyFacts } from "./access-keys";
import { type Check, type CheckContext } from "./checks";
import { type CredentialSources } from "./credential-sources";
import { type AwsResource, type Names } from "./resources";
import { type SettingFault } from "./settings";
import { type EnvironmentFacts } from "./variables";

/** Everything that the stacks and the operator's tools have to know of a service; it makes no calls. */
export interface ServiceFacts<Settings, Outputs> {
    readonly name: string;
    /** What it gets in production, as README has it: Markdown, with links from the repository's root. */
    readonly gets: string;
    /** Of its section in the stack file, `platform:<name>`. */
    readonly settings: z.ZodType<Settings>;
    /** What of the section does not fit the stack's region. @default any does */
    regionFaults?(settings: Settings, region: string): SettingFault[];
    /** What the stack exports of it. */
    readonly outputs: z.ZodType<Outputs>;
    /** What it consists of in AWS, before it is deployed too. */
    resources(settings: Settings, names: Names): AwsResource[];
    /** Names of its buckets. */
    buckets(outputs: Outputs): readonly string[];
    /** Where it reads its credentials. */
    readonly credentials: CredentialSources;
    /** The variables that it reads. */
    readonly environment: EnvironmentFacts<Outputs>;
    /** What a rotation of its keys has to know. */
    readonly keys: KeyFacts<Outputs>;
    /** Whether it is deployed to Kubernetes and Vault, too. @default it is not */
    needsCluster?(settings: Settings): boolean;
    /** What must hold for it. */
    checks(outputs: Outputs, context: CheckContext): Check[];
    /** What denies it its work when its budget is used up. @default nothing does */
    shutOff?(outputs: Outputs): ShutOffFacts;
}

/** The policies that deny a service its work, any of them attached to its user. */
export interface ShutOffFacts {
    readonly userName: string;
    readonly policyArns: readonly string[];
}
