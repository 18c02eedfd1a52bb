import { GetBucketPolicyCommand, type S3Client } from "@aws-sdk/client-s3";

import { type ServiceName, type ServiceOutputs } from "../../../services";
import { type Check, type ProbeKind } from "../../../services/checks";
import { grantsInWords, type Statement } from "../../../services/grants";
import { type Clients, type Connection, type Keys } from "../../aws/clients";
import { failureInWords, isNamed } from "../../aws/failures";
import { mapBounded } from "../../aws/pool";
import { type ExportedState } from "../../recover/state";
import { currentOutputs } from "../../rotate/state";
import { runChecks } from "../../verify";
import { bucketsOf, plan, type Planned } from "../../verify/plan";

/** Something that the stack declares of a resource, and what AWS has. */
export interface Declaration {
    readonly service: ServiceName;
    /** `bucket versioning`. */
    readonly what: string;
    readonly expected: string;
    readonly got: string;
    /** Undefined where AWS did not say what it has. */
    readonly ok: boolean | undefined;
    /** How that was asked; undefined of a bucket's policy. */
    readonly probe?: Check["probe"];
}

/** Kinds of checks that only read what AWS has of a resource: what was changed by hand shows there. */
const readingKinds: readonly ProbeKind[] = [
    "bucket",
    "user",
    "role",
    "policy",
    "taskDefinition",
    "budget",
    "budgetAction",
    "topic",
    "subscription",
    "alarm",
];

/** The checks of `infra verify` that need no right but to read; those of access keys are told apart. */
function readingChecks(planned: readonly Planned[]): Planned[] {
    return planned
        .filter(({ check: { probe } }) => readingKinds.includes(probe.kind) && !isOfKeys(probe))
        .map((one, index) => ({ ...one, index }));
}

function isOfKeys(probe: Check["probe"]): boolean {
    return probe.kind === "user" && probe.aspect === "keys";
}

/** Who asks, and of which stack. */
interface Asker {
    readonly keys: Keys;
    readonly clients: Clients;
    readonly connection: Connection;
    readonly accountId: string;
    readonly partition: string;
}

/** Compares what the stack declares of its services' resources with what AWS has of them. */
export async function observeDeclarations(
    exported: ExportedState,
    services: readonly ServiceName[],
    { keys, clients, connection, accountId, partition }: Asker,
): Promise<Declaration[]> {
    const { outputs } = currentOutputs(exported);
    const deployed = services.filter((service) => outputs[service] !== undefined);
    const planned = readingChecks(plan({ accountId, partition, outputs, services: deployed }));
    const asOperator = planned.map((one) => ({ ...one, check: { ...one.check, caller: "operator" as const } }));
    const target = { ...connection, accountId, partition, outputs, services: [], credentials: { operator: keys } };
    const results = await runChecks(asOperator, target);
    const declared = planned.map(({ service, check, index }): Declaration => {
        const { expected, got, notTried } = results[index];
        const unsaid = notTried || isUnsaid(got);
        const ok = results[index].ok || (unsaid ? undefined : false);
        return { service, what: check.name, expected, got, ok, probe: check.probe };
    });
    return [...declared, ...(await bucketPolicies(exported, outputs, deployed, clients.s3))];
}

/** Whether an answer says no more than that AWS could not be asked: that there is no such thing says more. */
function isUnsaid(got: string): boolean {
    return (
        /^(denied|not tried|could not be reached|keys belong|AWS does not take)/.test(got) &&
        !/\b404\b|NotFound|NoSuch/.test(got)
    );
}

/** What `infra verify` proves by requests, doctor compares: the policy that the stack last gave each bucket. */
async function bucketPolicies(
    { deployment }: ExportedState,
    outputs: Partial<ServiceOutputs>,
    services: readonly ServiceName[],
    s3: S3Client,
): Promise<Declaration[]> {
    const policies = (deployment.resources ?? []).flatMap(({ type, inputs }) => {
        if (type !== "aws:s3/bucketPolicy:BucketPolicy") return [];
        const [bucket, policy] = [String(inputs?.bucket), String(inputs?.policy)];
        const service = services.find((name) => bucketsOf(name, outputs).includes(bucket));
        return service ? [{ service, bucket, policy }] : [];
    });
    return mapBounded(policies, 4, async ({ service, bucket, policy }) => {
        const expected = grantsInWords(statementsOf(policy));
        const got = await policyOf(s3, bucket);
        const ok = got === expected || (isUnsaid(got) ? undefined : false);
        return { service, what: `bucket policy of ${bucket}`, expected, got, ok };
    });
}

async function policyOf(s3: S3Client, Bucket: string): Promise<string> {
    try {
        const { Policy = "" } = await s3.send(new GetBucketPolicyCommand({ Bucket }));
        return grantsInWords(statementsOf(Policy));
    } catch (error) {
        return isNamed(error, "NoSuchBucketPolicy", "NoSuchBucket") ? "none" : failureInWords(error);
    }
}

function statementsOf(policy: string): Statement[] {
    return [(JSON.parse(policy) as { Statement: Statement | Statement[] }).Statement].flat();
}
