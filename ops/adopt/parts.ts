/** What can be adopted, by kind: each part is a resource of the engine, under the type that it has there. */
export const partTypes = {
    bucket: {
        bucket: "aws:s3/bucket:Bucket",
        versioning: "aws:s3/bucketVersioning:BucketVersioning",
        encryption: "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        publicAccessBlock: "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        ownership: "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        lifecycle: "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        policy: "aws:s3/bucketPolicy:BucketPolicy",
    },
    user: { user: "aws:iam/user:User", policy: "aws:iam/userPolicy:UserPolicy" },
} as const;

export type Kind = keyof typeof partTypes;
export type BucketPart = keyof (typeof partTypes)["bucket"];
export type UserPart = keyof (typeof partTypes)["user"];
export type Part = BucketPart | UserPart;

/** The input of each type that says whose part it is. */
export function ownerOf(kind: Kind, part: Part, inputs: Readonly<Record<string, unknown>>): unknown {
    if (kind === "bucket") return inputs.bucket;
    return part === "user" ? inputs.name : inputs.user;
}

/** One setting of a part, in words. */
export interface Item {
    readonly name: string;
    readonly value: string;
}

/** The settings of each part that exists. */
export type Parts = ReadonlyMap<Part, readonly Item[]>;

/** A bucket or a user. */
export interface Target {
    readonly kind: Kind;
    /** Key of `adopt` in the service's settings. */
    readonly setting: string;
    /** Physical name. */
    readonly name: string;
}

/** How a target is called. */
export function called({ kind, name }: Pick<Target, "kind" | "name">): string {
    return `${kind} ${name}`;
}
