import { type Clients } from "../aws/clients";
import { type Declared } from "./declared";
import { findBucket, findBucketParts, grantsInTheWay, type Hindrance, type Home } from "./find-bucket";
import { findUser, type FoundUser } from "./find-user";
import { type Parts } from "./parts";

/** A declared bucket or user, and what there is of it. */
export interface Finding {
    readonly declared: Declared;
    /** Empty where it does not exist, or is not looked at. */
    readonly found: Parts;
    /** Why it is not the stack's to have. */
    readonly hindrance?: Hindrance;
    /** Where it is a user that exists. */
    readonly user?: FoundUser;
}

const nothing: Parts = new Map();

/** Looks in AWS for everything that the stack declares and does not have; of what it has, nothing is asked. */
export async function findAll(clients: Clients, targets: readonly Declared[], home: Home): Promise<Finding[]> {
    const findings: Finding[] = [];
    for (const declared of targets) findings.push(await find(clients, declared, home));
    return findings;
}

async function find({ s3, iam }: Clients, declared: Declared, home: Home): Promise<Finding> {
    const { kind, name, missing } = declared;
    if (missing.size === 0) return { declared, found: nothing };
    if (kind === "bucket") {
        const bucket = await findBucket(s3, name, home);
        if (bucket === false) return { declared, found: nothing };
        const hindrance = bucket === true && missing.has("ownership") ? await grantsInTheWay(s3, name, home) : bucket;
        if (typeof hindrance === "object") return { declared, found: nothing, hindrance };
        return { declared, found: await findBucketParts(s3, name, home) };
    }
    const policyName = missing.get("policy")?.inputs.name;
    const user = await findUser(iam, name, typeof policyName === "string" ? policyName : undefined);
    return user ? { declared, found: user.parts, user } : { declared, found: nothing };
}
