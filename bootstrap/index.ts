import "../stacks/error-handling";

import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { prettifyError, ZodError } from "zod";

import { SecureBucket } from "../components/secure-bucket";
import { audience, issuer } from "./access";
import { deployerRole, previewerRole } from "./roles";
import { type BootstrapSettings, parseBootstrapSettings } from "./settings";

/** What an account needs before the platform is deployed to it: the state's key and bucket, and the roles of CI. */
export = async () => {
    const settings = readSettings();
    const { environment, region, stateBucket } = settings;
    const tags = { "platform:environment": environment, "platform:service": "bootstrap" };
    const partition = aws.getPartitionOutput().partition;

    const alias = `alias/platform-state-${environment}`;
    const key = stateKey(alias, environment, tags);
    // Versions let an earlier state be had back.
    const bucket = new SecureBucket("state", {
        bucketName: stateBucket,
        partition,
        versioning: true,
        protect: true,
        tags,
    });
    const ground = {
        scope: pulumi.output({ partition, accountId: aws.getCallerIdentityOutput().accountId, region }),
        keyArn: key.arn,
        tags,
        after: settings.oidcProvider === "create" ? oidcProvider(tags) : undefined,
    };
    return {
        backendUrl: pulumi.interpolate`s3://${bucket.bucketName}?region=${region}`,
        secretsProvider: `awskms://${alias}?region=${region}`,
        deployerRoleArn: deployerRole(settings, ground).arn,
        previewerRoleArn: previewerRole(settings, ground).arn,
    };
};

function readSettings(): BootstrapSettings {
    try {
        return parseBootstrapSettings(pulumi.runtime.allConfig() as Record<string, string>);
    } catch (error) {
        // A RunError is printed as its message alone.
        throw error instanceof ZodError ? new pulumi.RunError(prettifyError(error)) : error;
    }
}

/** The key of the state's secrets: whoever loses it loses every secret in the state. */
function stateKey(alias: string, environment: string, tags: Record<string, string>): aws.kms.Key {
    const key = new aws.kms.Key(
        "state-key",
        {
            description: `The secrets in the Pulumi state of ${environment}.`,
            enableKeyRotation: true,
            deletionWindowInDays: 30,
            tags,
        },
        { protect: true, retainOnDelete: true },
    );
    new aws.kms.Alias("state-key-alias", { name: alias, targetKeyId: key.keyId });
    return key;
}

/** GitHub's tokens as credentials. AWS trusts the issuer's certificate by its authority, so no thumbprint is named. */
function oidcProvider(tags: Record<string, string>): aws.iam.OpenIdConnectProvider {
    return new aws.iam.OpenIdConnectProvider("github", {
        url: `https://${issuer}`,
        clientIdLists: [audience],
        tags,
    });
}
