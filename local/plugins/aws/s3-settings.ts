// The settings of a bucket that are a resource each: versioning, encryption, public access, ownership.

import {
    DeleteBucketEncryptionCommand,
    DeleteBucketOwnershipControlsCommand,
    DeletePublicAccessBlockCommand,
    GetBucketEncryptionCommand,
    GetBucketOwnershipControlsCommand,
    GetBucketVersioningCommand,
    GetPublicAccessBlockCommand,
    PutBucketEncryptionCommand,
    PutBucketOwnershipControlsCommand,
    PutBucketVersioningCommand,
    PutPublicAccessBlockCommand,
    type BucketVersioningStatus,
    type ObjectOwnership,
    type ServerSideEncryption,
    type ServerSideEncryptionRule,
} from "@aws-sdk/client-s3";
import { flag, object, set, text, type Property } from "../declare";
import { AwsRefusal, unless } from "../errors";
import type { Properties } from "../wire";
import type { AwsContext } from "./clients";
import { bool, found, optional, record, records, region, str, type AwsType } from "./common";

const bucketName = (): Property => text({ required: true, replace: true });

const versioning: AwsType = {
    token: "aws:s3/bucketVersioning:BucketVersioning",
    inputs: {
        bucket: bucketName(),
        region: region(),
        versioningConfiguration: object(
            {
                status: text({ required: true, oneOf: ["Enabled", "Suspended", "Disabled"] }),
                mfaDelete: text({ default: "Disabled", oneOf: ["Enabled", "Disabled"] }),
            },
            { required: true },
        ),
    },
    outputs: [],
    async create(context, inputs, created) {
        // A bucket that was never versioned is Disabled; S3 takes no call to make it so.
        if (wantedStatus(inputs) !== "Disabled") {
            await putVersioning(context, str(inputs, "bucket"), inputs);
        }
        created(str(inputs, "bucket"));
    },
    async read(context, id) {
        const answer = await unless(context.s3.send(new GetBucketVersioningCommand({ Bucket: id })), "NoSuchBucket");
        return answer === undefined
            ? undefined
            : found({
                  bucket: id,
                  region: context.region,
                  versioningConfiguration: { status: answer.Status ?? "Disabled", mfaDelete: answer.MFADelete },
              });
    },
    update: (context, id, inputs) => putVersioning(context, id, inputs),
    async delete(context, id, known) {
        // Versioning cannot be taken off a bucket that has had it, only suspended.
        if (wantedStatus(known) === "Enabled") {
            const VersioningConfiguration = { Status: "Suspended" as const };
            await unless(
                context.s3.send(new PutBucketVersioningCommand({ Bucket: id, VersioningConfiguration })),
                "NoSuchBucket",
            );
        }
    },
};

function wantedStatus(values: Properties): string {
    return str(record(values, "versioningConfiguration") ?? {}, "status");
}

async function putVersioning(context: AwsContext, name: string, inputs: Properties): Promise<void> {
    const status = wantedStatus(inputs);
    if (status === "Disabled") {
        const live = await context.s3.send(new GetBucketVersioningCommand({ Bucket: name }));
        if (live.Status === undefined) {
            return;
        }
        throw new AwsRefusal(
            "PutBucketVersioning",
            "IllegalVersioningConfigurationException",
            `versioningConfiguration.status cannot go from '${live.Status}' to 'Disabled': use 'Suspended'.`,
            400,
        );
    }
    const mfa = optional(record(inputs, "versioningConfiguration") ?? {}, "mfaDelete");
    await context.s3.send(
        new PutBucketVersioningCommand({
            Bucket: name,
            VersioningConfiguration: {
                Status: status as BucketVersioningStatus,
                ...(mfa === "Enabled" ? { MFADelete: "Enabled" } : {}),
            },
        }),
    );
}

const encryption: AwsType = {
    token: "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    inputs: {
        bucket: bucketName(),
        region: region(),
        rules: set(
            object({
                applyServerSideEncryptionByDefault: object({
                    sseAlgorithm: text({ required: true, oneOf: ["AES256", "aws:kms", "aws:kms:dsse"] }),
                    kmsMasterKeyId: text(),
                }),
                bucketKeyEnabled: flag({ default: false }),
            }),
            { required: true },
        ),
    },
    outputs: [],
    async create(context, inputs, created) {
        await putEncryption(context, str(inputs, "bucket"), inputs);
        created(str(inputs, "bucket"));
    },
    async read(context, id) {
        const answer = await unless(
            context.s3.send(new GetBucketEncryptionCommand({ Bucket: id })),
            "NoSuchBucket",
            "ServerSideEncryptionConfigurationNotFoundError",
        );
        const rules = answer?.ServerSideEncryptionConfiguration?.Rules;
        return rules === undefined
            ? undefined
            : found({ bucket: id, region: context.region, rules: rules.map(encryptionRuleFrom) });
    },
    update: (context, id, inputs) => putEncryption(context, id, inputs),
    async delete(context, id) {
        await unless(
            context.s3.send(new DeleteBucketEncryptionCommand({ Bucket: id })),
            "NoSuchBucket",
            "ServerSideEncryptionConfigurationNotFoundError",
        );
    },
};

async function putEncryption(context: AwsContext, name: string, inputs: Properties): Promise<void> {
    const Rules = records(inputs, "rules").map(encryptionRuleTo);
    await context.s3.send(
        new PutBucketEncryptionCommand({ Bucket: name, ServerSideEncryptionConfiguration: { Rules } }),
    );
}

function encryptionRuleTo(rule: Properties): ServerSideEncryptionRule {
    const byDefault = record(rule, "applyServerSideEncryptionByDefault");
    const key = byDefault === undefined ? undefined : optional(byDefault, "kmsMasterKeyId");
    return {
        ...(byDefault === undefined
            ? {}
            : {
                  ApplyServerSideEncryptionByDefault: {
                      SSEAlgorithm: str(byDefault, "sseAlgorithm") as ServerSideEncryption,
                      ...(key === undefined ? {} : { KMSMasterKeyID: key }),
                  },
              }),
        BucketKeyEnabled: bool(rule, "bucketKeyEnabled") ?? false,
    };
}

function encryptionRuleFrom({
    ApplyServerSideEncryptionByDefault: byDefault,
    BucketKeyEnabled,
}: ServerSideEncryptionRule) {
    return {
        applyServerSideEncryptionByDefault:
            byDefault === undefined
                ? undefined
                : { sseAlgorithm: byDefault.SSEAlgorithm, kmsMasterKeyId: byDefault.KMSMasterKeyID },
        bucketKeyEnabled: BucketKeyEnabled ?? false,
    };
}

const publicAccess: AwsType = {
    token: "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    inputs: {
        bucket: bucketName(),
        region: region(),
        blockPublicAcls: flag({ default: false }),
        blockPublicPolicy: flag({ default: false }),
        ignorePublicAcls: flag({ default: false }),
        restrictPublicBuckets: flag({ default: false }),
        skipDestroy: flag({ writeOnly: true }),
    },
    outputs: [],
    async create(context, inputs, created) {
        await putPublicAccess(context, str(inputs, "bucket"), inputs);
        created(str(inputs, "bucket"));
    },
    async read(context, id) {
        const answer = await unless(
            context.s3.send(new GetPublicAccessBlockCommand({ Bucket: id })),
            "NoSuchBucket",
            "NoSuchPublicAccessBlockConfiguration",
        );
        const block = answer?.PublicAccessBlockConfiguration;
        return block === undefined
            ? undefined
            : found({
                  bucket: id,
                  region: context.region,
                  blockPublicAcls: block.BlockPublicAcls ?? false,
                  blockPublicPolicy: block.BlockPublicPolicy ?? false,
                  ignorePublicAcls: block.IgnorePublicAcls ?? false,
                  restrictPublicBuckets: block.RestrictPublicBuckets ?? false,
              });
    },
    update: (context, id, inputs) => putPublicAccess(context, id, inputs),
    async delete(context, id, known) {
        if (bool(known, "skipDestroy") === true) {
            return;
        }
        await unless(
            context.s3.send(new DeletePublicAccessBlockCommand({ Bucket: id })),
            "NoSuchBucket",
            "NoSuchPublicAccessBlockConfiguration",
        );
    },
};

async function putPublicAccess(context: AwsContext, name: string, inputs: Properties): Promise<void> {
    await context.s3.send(
        new PutPublicAccessBlockCommand({
            Bucket: name,
            PublicAccessBlockConfiguration: {
                BlockPublicAcls: bool(inputs, "blockPublicAcls") ?? false,
                BlockPublicPolicy: bool(inputs, "blockPublicPolicy") ?? false,
                IgnorePublicAcls: bool(inputs, "ignorePublicAcls") ?? false,
                RestrictPublicBuckets: bool(inputs, "restrictPublicBuckets") ?? false,
            },
        }),
    );
}

const ownership: AwsType = {
    token: "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    inputs: {
        bucket: bucketName(),
        region: region(),
        rule: object(
            {
                objectOwnership: text({
                    required: true,
                    oneOf: ["BucketOwnerPreferred", "ObjectWriter", "BucketOwnerEnforced"],
                }),
            },
            { required: true },
        ),
    },
    outputs: [],
    async create(context, inputs, created) {
        await putOwnership(context, str(inputs, "bucket"), inputs);
        created(str(inputs, "bucket"));
    },
    async read(context, id) {
        const answer = await unless(
            context.s3.send(new GetBucketOwnershipControlsCommand({ Bucket: id })),
            "NoSuchBucket",
            "OwnershipControlsNotFoundError",
        );
        const rule = answer?.OwnershipControls?.Rules?.[0];
        return rule === undefined
            ? undefined
            : found({ bucket: id, region: context.region, rule: { objectOwnership: rule.ObjectOwnership } });
    },
    update: (context, id, inputs) => putOwnership(context, id, inputs),
    async delete(context, id) {
        await unless(
            context.s3.send(new DeleteBucketOwnershipControlsCommand({ Bucket: id })),
            "NoSuchBucket",
            "OwnershipControlsNotFoundError",
        );
    },
};

async function putOwnership(context: AwsContext, name: string, inputs: Properties): Promise<void> {
    const ObjectOwnership = str(record(inputs, "rule") ?? {}, "objectOwnership") as ObjectOwnership;
    await context.s3.send(
        new PutBucketOwnershipControlsCommand({ Bucket: name, OwnershipControls: { Rules: [{ ObjectOwnership }] } }),
    );
}

export const s3SettingTypes: readonly AwsType[] = [versioning, encryption, publicAccess, ownership];
