import {
    AttachRolePolicyCommand,
    AttachUserPolicyCommand,
    DetachRolePolicyCommand,
    DetachUserPolicyCommand,
    type IAMClient,
    paginateListAttachedRolePolicies,
    paginateListAttachedUserPolicies,
} from "@aws-sdk/client-iam";

import { type Brake } from "../shut-off";

/** Who has the deny while the budget is shut off. */
export interface BrakeTargets {
    /** ARN of the brake's own policy: that of AWS Budgets is another, so that neither takes away the other's. */
    readonly policyArn: string;
    readonly users: readonly string[];
    readonly roles: readonly string[];
}

/** The brake by a deny policy in IAM. */
export class IamBrake implements Brake {
    constructor(
        private readonly iam: IAMClient,
        private readonly targets: BrakeTargets,
        /** Whether an invocation that would bill nothing is denied; left out where nobody may invoke. */
        readonly isDenied?: () => Promise<boolean>,
    ) {}

    async attach(): Promise<void> {
        const { policyArn: PolicyArn, users, roles } = this.targets;
        await Promise.all([
            ...users.map((UserName) => this.iam.send(new AttachUserPolicyCommand({ UserName, PolicyArn }))),
            ...roles.map((RoleName) => this.iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn }))),
        ]);
    }

    async detach(): Promise<void> {
        const { policyArn: PolicyArn, users, roles } = this.targets;
        await Promise.all([
            ...users.map((UserName) => gone(this.iam.send(new DetachUserPolicyCommand({ UserName, PolicyArn })))),
            ...roles.map((RoleName) => gone(this.iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn })))),
        ]);
    }

    async attachedTo(): Promise<"everybody" | "somebody" | "nobody"> {
        const { users, roles } = this.targets;
        const client = { client: this.iam };
        const found = await Promise.all([
            ...users.map((UserName) => this.has(paginateListAttachedUserPolicies(client, { UserName }))),
            ...roles.map((RoleName) => this.has(paginateListAttachedRolePolicies(client, { RoleName }))),
        ]);
        if (found.every(Boolean)) return "everybody";
        return found.some(Boolean) ? "somebody" : "nobody";
    }

    private async has(pages: AsyncIterable<{ AttachedPolicies?: { PolicyArn?: string }[] }>): Promise<boolean> {
        for await (const { AttachedPolicies = [] } of pages) {
            if (AttachedPolicies.some(({ PolicyArn }) => PolicyArn === this.targets.policyArn)) return true;
        }
        return false;
    }
}

/** What is not attached needs no detaching. */
async function gone(detached: Promise<unknown>): Promise<void> {
    await detached.catch((error: Error) => {
        if (error.name !== "NoSuchEntityException") throw error;
    });
}
