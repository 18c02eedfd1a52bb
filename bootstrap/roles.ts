import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

import { type ArnScope } from "../components/arn";
import { policyDocument, type PolicyDocument } from "../components/policy-document";
import { accountRoleName } from "../ops/rights/account-roles";
import { deployerPolicy, previewerPolicy } from "../ops/rights/deployer";
import { readState, subjects, trustAccount, trustWorkflows, useState } from "./access";
import { type BootstrapSettings } from "./settings";

/** What the roles are made from. */
export interface RoleGround {
    readonly scope: pulumi.Output<ArnScope>;
    readonly keyArn: pulumi.Output<string>;
    readonly tags: Record<string, string>;
    /** What AWS asks to exist before a trust names it. */
    readonly after?: pulumi.Resource;
}

/** What a role is made of, where its account and the state's key are known. */
interface RoleDocuments {
    readonly trust: PolicyDocument;
    /** By the end of their names. Managed policies: an inline one has room for a third of the deployer's rights. */
    readonly policies: Readonly<Record<"rights" | "state", PolicyDocument>>;
}

/** Whoever deploys: workflows in the environment's jobs, and people of the account. */
export function deployerRole({ environment, repository, stateBucket }: BootstrapSettings, ground: RoleGround) {
    return createRole(accountRoleName("deployer", environment), ground, (scope, keyArn) => ({
        trust: policyDocument(
            trustWorkflows(scope, [subjects.environment(repository, environment)]),
            trustAccount(scope),
        ),
        policies: {
            rights: deployerPolicy(scope.partition, scope.accountId),
            state: useState(scope, stateBucket, keyArn),
        },
    }));
}

/** Whoever previews: workflows of pull requests, and those of the main branch that look for drift. It changes nothing. */
export function previewerRole({ environment, repository, stateBucket }: BootstrapSettings, ground: RoleGround) {
    return createRole(accountRoleName("previewer", environment), ground, (scope, keyArn) => ({
        trust: policyDocument(
            trustWorkflows(scope, [subjects.pullRequest(repository), subjects.branch(repository, "main")]),
        ),
        policies: {
            rights: previewerPolicy(scope.partition, scope.accountId),
            state: readState(scope, stateBucket, keyArn),
        },
    }));
}

function createRole(
    name: string,
    { scope, keyArn, tags, after }: RoleGround,
    documentsOf: (scope: ArnScope, keyArn: string) => RoleDocuments,
): aws.iam.Role {
    const documents = pulumi.all([scope, keyArn]).apply(([plain, arn]) => documentsOf(plain, arn));
    const role = new aws.iam.Role(
        name,
        {
            name,
            assumeRolePolicy: pulumi.jsonStringify(documents.trust),
            // As long as the longest job of a workflow.
            maxSessionDuration: 7200,
            tags,
        },
        { dependsOn: after },
    );
    for (const part of ["rights", "state"] as const) {
        const policy = new aws.iam.Policy(`${name}-${part}`, {
            name: `${name}-${part}`,
            policy: pulumi.jsonStringify(documents.policies[part]),
            tags,
        });
        new aws.iam.RolePolicyAttachment(`${name}-${part}`, { role: role.name, policyArn: policy.arn });
    }
    return role;
}
