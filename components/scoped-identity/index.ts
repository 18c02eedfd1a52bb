import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { type ActionSet, bucketArnFault, prefixFault } from "../bucket-access";
import { identityNameFault, policyNameFault } from "../naming";
import { type PolicyDocument, type PolicyStatement } from "../policy-document";
import { refuse, refuseFault } from "../validation";
import {
    accessKeysFaults,
    type AccessKeySettings,
    accessKeysTag,
    formatAccessKeys,
    refuseOlderThanTag,
} from "./access-keys";
import { documentFault, identityPolicy } from "./policy";

/** A user, for a service that can only use access keys. */
export interface UserPrincipal {
    readonly kind: "user";
    /** Name of the IAM user. IAM allows 64 letters, digits and `+=,.@_-`. A change replaces the user and all it has. */
    readonly userName: string;
    /** Names of the groups that the user joins; memberships made elsewhere stay. @default none */
    readonly groups?: readonly pulumi.Input<string>[];
    /**
     * Which access keys the user has and which one is published. A change needs a higher revision; settings older than
     * those applied last are refused. Removing them removes every key.
     * @default no key
     */
    readonly accessKeys?: AccessKeySettings;
}

/** A role, for a service that gets temporary credentials. */
export interface RolePrincipal {
    readonly kind: "role";
    /** Name of the IAM role. IAM allows 64 letters, digits and `+=,.@_-`. */
    readonly roleName: string;
    /** Who may assume the role, and under which conditions. */
    readonly trust: pulumi.Input<PolicyDocument>;
}

/** What an identity may do with a bucket, or with a part of it. */
export interface Grant {
    /** ARN of the bucket. */
    readonly bucketArn: pulumi.Input<string>;
    /**
     * Beginning of the keys that the grant covers, for example `mlflow-artifacts/`: path segments that each end with `/`.
     * @default the whole bucket
     */
    readonly prefix?: string;
    /**
     * What is allowed: `list` (ListBucket), `read` (GetObject), `write` (PutObject), `delete` (DeleteObject), `tag`
     * (PutObjectTagging), `multipart` (AbortMultipartUpload, ListMultipartUploadParts). At least one.
     */
    readonly actions: readonly ActionSet[];
}

/** Arguments of {@link ScopedIdentity}. */
export interface ScopedIdentityArgs {
    /** Who it is: a user or a role. */
    readonly principal: UserPrincipal | RolePrincipal;

    /** What it may do with buckets. @default nothing */
    readonly grants?: readonly Grant[];

    /** What else it may do: statements of its policy, with ids of their own and no wildcard in an allowed action. @default nothing */
    readonly statements?: pulumi.Input<readonly PolicyStatement[]>;

    /** Name of the inline policy. IAM allows 128 letters, digits and `+=,.@_-`. @default the principal's name and `-policy` */
    readonly policyName?: string;

    /** ARN of the policy that bounds whatever the identity is granted, here or elsewhere. @default none */
    readonly permissionsBoundaryArn?: pulumi.Input<string>;

    /** Tags of the user or role. IAM allows 50, and `platform:access-keys` is taken. @default none */
    readonly tags?: pulumi.Input<Record<string, pulumi.Input<string>>>;

    /** Whether the engine refuses to delete the user or role. @default false */
    readonly protect?: boolean;

    /**
     * Policies that something else attaches to the user or role and detaches from it, such as a shut-off. IAM deletes
     * nobody who has a policy, and no policy that somebody has: the identity is deleted first, and in spite of them. An
     * adopted user is not: it is protected.
     *
     * @default none
     */
    readonly deniedBy?: readonly aws.iam.Policy[];

    /** What exists already: it is imported under its name instead of created, and protected. @default nothing */
    readonly adopt?: {
        /** The user, of a principal that is one. @default false */
        readonly user?: boolean;
        /** The inline policy, under {@link ScopedIdentityArgs.policyName}. @default false */
        readonly policy?: boolean;
    };
}

/** The access keys of an identity. */
export interface AccessKeyOutputs {
    /** Id of the published key. */
    readonly accessKeyId: pulumi.Output<string>;
    /** Its secret, a Pulumi secret. */
    readonly secretAccessKey: pulumi.Output<string>;
    /** Ids of the keys of every generation, in the order of the settings. */
    readonly accessKeyIds: pulumi.Output<string[]>;
    /** Those of them that AWS refuses. */
    readonly inactiveAccessKeyIds: pulumi.Output<string[]>;
}

/** An IAM user or role that may do what its grants say and nothing else. */
export class ScopedIdentity extends pulumi.ComponentResource {
    /** ARN of the user or role. */
    readonly arn: pulumi.Output<string>;

    private readonly user?: aws.iam.User;
    private readonly role?: aws.iam.Role;
    private readonly keys: aws.iam.AccessKey[] = [];
    private readonly publishedKey?: aws.iam.AccessKey;

    constructor(
        private readonly name: string,
        private readonly args: ScopedIdentityArgs,
        opts?: pulumi.ComponentResourceOptions,
    ) {
        super("platform:identity:ScopedIdentity", name, {}, opts);
        this.validate();

        if (args.principal.kind === "user") {
            const { groups, accessKeys } = args.principal;
            this.user = this.createUser(args.principal);
            this.arn = this.user.arn;
            if (this.grantsAnything()) this.grantToUser(this.user, args.principal);
            if (groups?.length) this.joinGroups(this.user, groups);
            if (accessKeys) {
                this.keys = this.createAccessKeys(this.user, accessKeys);
                this.publishedKey = this.keys[accessKeys.generations.indexOf(accessKeys.published)];
            }
        } else {
            this.role = this.createRole(args.principal);
            this.arn = this.role.arn;
            if (this.grantsAnything()) this.grantToRole(this.role, args.principal);
        }

        this.registerOutputs({
            arn: this.arn,
            name: this.user?.name ?? this.role?.name,
            accessKeyId: this.publishedKey?.id,
            secretAccessKey: this.publishedKey && this.secretAccessKey,
        });
    }

    /** Name of the user, known once it exists. An error where the identity is a role. */
    get userName(): pulumi.Output<string> {
        return (this.user ?? this.lacks("userName", "a user")).name;
    }

    /** Name of the role, known once it exists. An error where the identity is a user. */
    get roleName(): pulumi.Output<string> {
        return (this.role ?? this.lacks("roleName", "a role")).name;
    }

    /** Id of the published access key. An error where the identity has no access keys. */
    get accessKeyId(): pulumi.Output<string> {
        return (this.publishedKey ?? this.lacks("accessKeyId", "a user with accessKeys")).id;
    }

    /** Secret of the published access key, a Pulumi secret. An error where the identity has no access keys. */
    get secretAccessKey(): pulumi.Output<string> {
        return pulumi.secret((this.publishedKey ?? this.lacks("secretAccessKey", "a user with accessKeys")).secret);
    }

    /** Everything about the access keys. An error where the identity has none. */
    get accessKeys(): AccessKeyOutputs {
        return {
            accessKeyId: this.accessKeyId,
            secretAccessKey: this.secretAccessKey,
            accessKeyIds: pulumi.all(this.keys.map(({ id }) => id)),
            inactiveAccessKeyIds: pulumi
                .all(this.keys.map(({ id, status }) => pulumi.all([id, status])))
                .apply((keys) => keys.filter(([, status]) => status === "Inactive").map(([id]) => id)),
        };
    }

    private validate(): void {
        const { principal, grants = [] } = this.args;
        const [property, name] =
            principal.kind === "user"
                ? ["principal.userName", principal.userName]
                : ["principal.roleName", principal.roleName];
        refuseFault(this, property, name, identityNameFault(name));
        refuseFault(this, "policyName", this.policyName(name), policyNameFault(this.policyName(name)));

        for (const [index, { prefix, actions }] of grants.entries()) {
            if (prefix !== undefined) refuseFault(this, `grants[${index}].prefix`, prefix, prefixFault(prefix));
            if (actions.length === 0) refuse(this, `grants[${index}].actions`, actions, "at least one set of actions");
        }

        const keysFaults =
            principal.kind === "user" && principal.accessKeys ? accessKeysFaults(principal.accessKeys) : [];
        for (const { property, got, expected } of keysFaults) {
            refuse(this, `principal.accessKeys.${property}`, got, expected);
        }
        if (this.args.adopt?.user && principal.kind === "role") {
            refuse(this, "adopt.user", true, "false where the principal is a role");
        }
        if (this.args.adopt?.policy && !this.grantsAnything()) {
            refuse(this, "adopt.policy", true, "false where neither grants nor statements are set");
        }
    }

    /**
     * Replaced when it is renamed, though IAM could rename it: what belongs to it is replaced in any case, and is deleted
     * under the old name.
     */
    private createUser({ userName, accessKeys }: UserPrincipal): aws.iam.User {
        return new aws.iam.User(
            `${this.name}-user`,
            {
                name: userName,
                permissionsBoundary: this.args.permissionsBoundaryArn,
                forceDestroy: this.args.deniedBy && !this.args.adopt?.user ? true : undefined,
                tags: accessKeys
                    ? pulumi
                          .output(this.args.tags ?? {})
                          .apply((tags) => ({ ...tags, [accessKeysTag]: formatAccessKeys(accessKeys) }))
                    : this.args.tags,
            },
            {
                ...this.userOptions(userName),
                dependsOn: [...(this.args.deniedBy ?? [])],
                replaceOnChanges: ["name"],
                hooks: accessKeys ? { beforeUpdate: [refuseOlderKeys(accessKeys, this.name)] } : undefined,
            },
        );
    }

    private createRole({ roleName, trust }: RolePrincipal): aws.iam.Role {
        return new aws.iam.Role(
            `${this.name}-role`,
            {
                name: roleName,
                assumeRolePolicy: pulumi.jsonStringify(trust),
                permissionsBoundary: this.args.permissionsBoundaryArn,
                forceDetachPolicies: this.args.deniedBy ? true : undefined,
                tags: this.args.tags,
            },
            { parent: this, protect: this.args.protect ?? false, dependsOn: [...(this.args.deniedBy ?? [])] },
        );
    }

    /** An inline policy, so that nothing else can be attached to it. IAM allows a user 2048 characters of them. */
    private grantToUser(user: aws.iam.User, { userName }: UserPrincipal): void {
        new aws.iam.UserPolicy(
            `${this.name}-policy`,
            { user: user.name, name: this.policyName(userName), policy: this.policy(2048) },
            this.policyOptions(userName),
        );
    }

    /** An inline policy, so that nothing else can be attached to it. IAM allows a role 10240 characters of them. */
    private grantToRole(role: aws.iam.Role, { roleName }: RolePrincipal): void {
        new aws.iam.RolePolicy(
            `${this.name}-policy`,
            { role: role.name, name: this.policyName(roleName), policy: this.policy(10240) },
            this.policyOptions(roleName),
        );
    }

    private joinGroups(user: aws.iam.User, groups: readonly pulumi.Input<string>[]): void {
        new aws.iam.UserGroupMembership(
            `${this.name}-groups`,
            { user: user.name, groups: [...groups] },
            { parent: this },
        );
    }

    private createAccessKeys(user: aws.iam.User, { generations, retiring }: AccessKeySettings): aws.iam.AccessKey[] {
        return generations.map(
            (generation) =>
                new aws.iam.AccessKey(
                    `${this.name}-access-key-${generation}`,
                    {
                        user: user.name,
                        status: retiring?.inactive && retiring.generation === generation ? "Inactive" : undefined,
                    },
                    { parent: this, additionalSecretOutputs: ["secret", "sesSmtpPasswordV4"] },
                ),
        );
    }

    private lacks(output: string, expected: string): never {
        return refuse(this, `principal of ${this.name}, asked for its ${output},`, this.args.principal.kind, expected);
    }

    private policy(maximumCharacters: number): pulumi.Output<string> {
        const { grants = [], statements = [] } = this.args;
        const document = pulumi.all([grants, statements]).apply(([known, extra]) => {
            for (const [index, { bucketArn }] of known.entries()) {
                refuseFault(this, `grants[${index}].bucketArn`, bucketArn, bucketArnFault(bucketArn));
            }
            const document = identityPolicy(known, extra);
            refuseFault(
                this,
                "the policy of grants and statements",
                document,
                documentFault(document, maximumCharacters),
            );
            return document;
        });
        return pulumi.jsonStringify(document);
    }

    private grantsAnything(): boolean {
        return Boolean(this.args.grants?.length) || this.args.statements !== undefined;
    }

    private policyName(principalName: string): string {
        return this.args.policyName ?? `${principalName}-policy`;
    }

    private userOptions(userName: string): pulumi.CustomResourceOptions {
        const { adopt, protect = false } = this.args;
        return adopt?.user ? { parent: this, protect: true, import: userName } : { parent: this, protect };
    }

    private policyOptions(principalName: string): pulumi.CustomResourceOptions {
        return this.args.adopt?.policy
            ? { parent: this, protect: true, import: `${principalName}:${this.policyName(principalName)}` }
            : { parent: this };
    }
}

/** The hooks of a program, by the settings that they look for: the engine is told of each, and users may share one. */
const hooks = new WeakMap<pulumi.Resource, Map<string, pulumi.ResourceHook>>();

/**
 * Refuses settings that are older than those in the user's tag. The user is updated before any key is created or
 * deleted, since the keys depend on it: a program of an older commit stops here, in a preview too.
 */
function refuseOlderKeys(settings: AccessKeySettings, component: string): pulumi.ResourceHook {
    const create = (name: string) => new pulumi.ResourceHook(name, refuseOlderKeysHook(settings), { onDryRun: true });
    const program = pulumi.runtime.getStackResource();
    // In a component that another language's program makes there is no stack: there each has one of its own.
    if (!program) return create(`${component}-refuse-older-access-keys`);
    const known = hooks.get(program) ?? new Map<string, pulumi.ResourceHook>();
    hooks.set(program, known);
    const name = `refuse-older-access-keys: ${formatAccessKeys(settings)}`;
    const hook = known.get(name) ?? create(name);
    known.set(name, hook);
    return hook;
}

/** The hook of a user whose keys are to become `settings`: throws when its tag says that newer ones were applied. */
export function refuseOlderKeysHook(settings: AccessKeySettings): pulumi.ResourceHookFunction {
    return ({ oldInputs }) => {
        const fault = refuseOlderThanTag(oldInputs?.tags?.[accessKeysTag], settings);
        if (fault) throw new Error(fault);
    };
}
