import { allowGrants, type KnownGrant } from "../bucket-access";
import { policyDocument, type PolicyDocument, type PolicyStatement } from "../policy-document";

/** The policy of an identity: what its grants allow, and `statements` as they are. */
export function identityPolicy(
    grants: readonly KnownGrant[],
    statements: readonly PolicyStatement[] = [],
): PolicyDocument {
    return policyDocument(...allowGrants(grants), ...statements);
}

/**
 * Lets one IAM user assume a role. Within an account, that is enough: the user's own policy need not allow it (AWS
 * STS, "AssumeRole").
 *
 * @param userArn ARN of a user of the role's account
 */
export function trustUser(userArn: string): PolicyDocument {
    return policyDocument({
        Sid: "TrustUser",
        Effect: "Allow",
        Principal: { AWS: userArn },
        Action: "sts:AssumeRole",
    });
}

/**
 * What is expected of a policy document that breaks a rule, and undefined where it breaks none: statement ids are
 * unique, what is allowed is named action by action, and the document fits in what IAM allows for the inline policies
 * of an identity, white space not counted.
 */
export function documentFault(document: PolicyDocument, maximumCharacters: number): string | undefined {
    const sids = document.Statement.map((statement) => statement.Sid);
    const repeated = sids.find((sid, index) => sids.indexOf(sid) !== index);
    if (repeated !== undefined) return `statements with different ids, but "${repeated}" occurs twice`;
    const wildcard = document.Statement.find(
        ({ Effect, Action }) => Effect === "Allow" && [Action].flat().some((action) => /[*?]/.test(action)),
    );
    if (wildcard) return `actions without a wildcard in what is allowed, but "${wildcard.Sid}" has one`;
    const characters = JSON.stringify(document).replace(/\s/g, "").length;
    if (characters > maximumCharacters) {
        return `at most ${maximumCharacters} characters, IAM's limit for inline policies, but it has ${characters}`;
    }
    return undefined;
}
