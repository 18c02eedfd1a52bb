import { grantsToOthers, narrowedTo, resourceTypes, type Statement, trustTypes } from "../documents";
import { faultIf, resourceRule, stackRule } from "../rule";

const exactly = ["StringEquals", "ArnEquals", "ForAnyValue:StringEquals"];

export const grantsNameTheirPrincipals = resourceRule({
    id: "grants-name-their-principals",
    says: "No role trusts everybody, and no topic, bucket or key lets everybody in.",
    meets: ["FSBP SNS.4", "FSBP KMS.5", "FSBP S3.2", "FSBP S3.3"],
    types: [...trustTypes, ...resourceTypes],
    faults: (resource) =>
        grantsToOthers(resource)
            .filter(({ allows }) => allows)
            .flatMap(({ sid, principals, inverted }) => [
                ...faultIf(inverted, `${sid} allows everybody but those it names`),
                ...principals.filter(({ name }) => /[*?]/.test(name)).map(({ name }) => `${sid} allows ${name}`),
            ]),
});

/** Lambda assumes a role for a function of the role's own account alone, and names no source. */
const withoutSource = ["lambda.amazonaws.com"];

export const servicesActForThisAccount = resourceRule({
    id: "services-act-for-this-account",
    says: "A service of AWS that a role trusts, or a topic lets in, acts on behalf of this account only.",
    meets: [],
    types: [...trustTypes, "aws:sns/topicPolicy:TopicPolicy"],
    faults: (resource) =>
        grantsToOthers(resource)
            .filter(({ allows }) => allows)
            .flatMap((statement) =>
                statement.principals
                    .filter(({ kind, name }) => kind === "Service" && !withoutSource.includes(name))
                    .flatMap(({ name }) =>
                        faultIf(
                            !namesSource(statement),
                            `${statement.sid} lets ${name} in for any account; expected a condition on aws:SourceAccount`,
                        ),
                    ),
            ),
});

function namesSource(statement: Statement): boolean {
    const accounts = narrowedTo(statement, "aws:SourceAccount", exactly);
    return accounts.length > 0 && accounts.every((account) => /^\d{12}$/.test(account));
}

export const federationIsNarrow = resourceRule({
    id: "federation-names-its-subject",
    says: "A role that trusts an identity provider names the audience and the subject of its tokens exactly.",
    meets: [],
    types: trustTypes,
    faults: (resource) =>
        grantsToOthers(resource)
            .filter(({ allows, principals }) => allows && principals.some(({ kind }) => kind === "Federated"))
            .flatMap((statement) =>
                ["aud", "sub"].flatMap((claim) => {
                    const values = claimValues(statement, claim);
                    const exact = values.length > 0 && values.every((value) => !/[*?]/.test(value));
                    return faultIf(!exact, `${statement.sid} does not name its tokens' ${claim} exactly`);
                }),
            ),
});

/** What the condition says of a claim, by operators that compare whole values alone. */
function claimValues(statement: Statement, claim: string): readonly string[] {
    const keys = statement.conditions.map(({ key }) => key).filter((key) => key.endsWith(`:${claim}`));
    return keys.flatMap((key) => narrowedTo(statement, key, exactly));
}

export const userHasNoPassword = stackRule({
    id: "user-has-no-password",
    says: "No user of the program can sign in to the console.",
    meets: ["FSBP IAM.5", "CIS 1.10"],
    types: ["aws:iam/user:User"],
    faults: ({ props }, stack) =>
        faultIf(
            stack.some(
                (other) =>
                    other.type === "aws:iam/userLoginProfile:UserLoginProfile" && other.props.user === props.name,
            ),
            "has a password; expected keys only",
        ),
});
