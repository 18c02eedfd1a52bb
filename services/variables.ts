/** An environment variable that a service reads, and the output of the stack that is its value. */
export interface Variable<Outputs> {
    readonly name: string;
    readonly from: keyof Outputs & string;
    /** What its value is, where the name does not tell. */
    readonly unit?: string;
}

/** The variables that a service reads from a file or its environment; or why nothing of it is ever in a file. */
export type EnvironmentFacts<Outputs> = readonly Variable<Outputs>[] | { readonly neverInAFile: string };

/** Those of the SDKs, which most services read. */
export const awsVariables = [
    { name: "AWS_ACCESS_KEY_ID", from: "accessKeyId" },
    { name: "AWS_SECRET_ACCESS_KEY", from: "secretAccessKey" },
    { name: "AWS_DEFAULT_REGION", from: "region" },
] as const;

/** Whether a variable's value is a secret in the stack's state. */
export function isSecret({ from }: { readonly from: string }): boolean {
    return from === "secretAccessKey";
}
