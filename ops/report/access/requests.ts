import { type PolicyDocument, type World } from "../../access/world";
import { type Statement } from "../../../services/grants";

/** A call that everybody is tried with. */
export interface Request {
    readonly action: string;
    /** Its ARN, or `*`. */
    readonly resource: string;
    /** What AWS knows of the call besides. */
    readonly context: Readonly<Record<string, string>>;
    /** What is special about it. @default nothing */
    readonly how?: string;
}

/**
 * Every call that a statement of these policies lets through, one for each action and resource, with what the statement
 * asks of it, and the neighbours of those calls that nobody should get: past a prefix, without TLS, with another
 * encryption, on what decides about access.
 */
export function requestsOf({ identities, resources }: World): Request[] {
    const documents = [
        ...identities.flatMap(({ policies }) => policies.map(({ document }) => document)),
        ...resources.map(({ policy }) => policy.document),
    ];
    const named = documents
        .flatMap(statementsIn)
        .filter(({ Effect }) => Effect === "Allow")
        .flatMap(requestsOfStatement);
    const trusted = identities.flatMap(({ arn, trust }) =>
        trust ? statementsIn(trust.document).flatMap((one) => requestsOfStatement({ ...one, Resource: arn })) : [],
    );
    const buckets = resources.map(({ arn }) => arn).filter((arn) => /^arn:[\w-]+:s3:::[^/]+$/.test(arn));
    const neighbours = [
        ...buckets.flatMap(ofBucket),
        ...identities.flatMap(({ arn, kind }) => (kind === "user" ? ofUser(arn) : ofRole(arn))),
    ];
    return unique([...named, ...trusted, ...neighbours]);
}

/** Over TLS, as every client of AWS calls. */
const usual = { "aws:SecureTransport": "true", "s3:TlsVersion": "1.3" };

/** What a wildcard is tried with. */
const example = "example";

const statementsIn = ({ Statement }: PolicyDocument): Statement[] => [Statement].flat() as Statement[];

function requestsOfStatement({ Action = [], Resource = [], Condition = {} }: Statement): Request[] {
    const met = Object.entries(Condition).flatMap(([operator, keys]) =>
        // What has to be absent, or another value, is so in the usual call.
        /Null|Not/.test(operator) ? [] : Object.entries(keys).map(([key, values]) => [key, filled([values].flat()[0])]),
    );
    const asked = Object.fromEntries(met) as Record<string, string>;
    const how = Object.entries(asked).map(([key, value]) => `${key} ${value}`);
    const requests = [Resource].flat().flatMap((resource) =>
        [Action].flat().map((action) => ({
            action,
            resource: filled(resource),
            context: { ...(action.startsWith("s3:") ? usual : {}), ...asked },
            ...(how.length > 0 ? { how: how.join(", ") } : {}),
        })),
    );
    return requests.flatMap((request) => (request.action === "s3:PutObject" ? encryptedOrNot(request) : [request]));
}

function encryptedOrNot(request: Request): Request[] {
    const context = { ...request.context, [encryption]: "AES256" };
    return [request, { ...request, context, how: [request.how, "encryption AES256"].filter(Boolean).join(", ") }];
}

const filled = (pattern: string) => (pattern === "*" ? pattern : pattern.replaceAll("*", example));

const encryption = "s3:x-amz-server-side-encryption";

function ofBucket(bucket: string): Request[] {
    const object = `${bucket}/elsewhere/${example}`;
    const on = (resource: string, action: string, how?: string, context: Record<string, string> = {}): Request => {
        return { action: `s3:${action}`, resource, context: { ...usual, ...context }, ...(how ? { how } : {}) };
    };
    return [
        on(bucket, "ListBucket"),
        on(object, "GetObject"),
        on(object, "GetObject", "without TLS", { "aws:SecureTransport": "false" }),
        ...encryptedOrNot(on(object, "PutObject")),
        on(object, "PutObject", "encryption aws:kms", { [encryption]: "aws:kms" }),
        on(object, "DeleteObject"),
        on(object, "DeleteObjectVersion"),
        on(object, "PutObjectAcl"),
        on(bucket, "PutBucketPolicy"),
        on(bucket, "DeleteBucket"),
    ];
}

const plain = (resource: string) => (action: string) => ({ action, resource, context: {} });

const ofUser = (arn: string): Request[] => ["iam:CreateAccessKey", "iam:PutUserPolicy"].map(plain(arn));

function ofRole(arn: string): Request[] {
    return ["sts:AssumeRole", "iam:UpdateAssumeRolePolicy", "iam:PutRolePolicy"].map(plain(arn));
}

function unique(requests: readonly Request[]): Request[] {
    const seen = new Map(requests.map((one) => [JSON.stringify([one.action, one.resource, one.context]), one]));
    return [...seen.values()];
}
