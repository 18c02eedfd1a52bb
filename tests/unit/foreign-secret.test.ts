import assert from "node:assert/strict";

import { foreignSecretFault } from "../../stacks/clinical-ai/foreign-secret";

describe("the Secret that External Secrets is to write", () => {
    const ownedBy = (kind: string, name: string) => ({
        data: { token: "c2VjcmV0" },
        metadata: { ownerReferences: [{ apiVersion: "external-secrets.io/v1", kind, name, uid: "u" }] },
    });

    it("is free where there is none, or the stack's ExternalSecret owns it", () => {
        assert.equal(foreignSecretFault(undefined), undefined);
        assert.equal(foreignSecretFault(ownedBy("ExternalSecret", "clinical-ai-aws-credentials")), undefined);
    });

    it("is not where anybody else has made it: it says which keys would be lost, and no value", () => {
        for (const secret of [
            { data: { token: "c2VjcmV0" } },
            ownedBy("ExternalSecret", "x"),
            ownedBy("Deployment", "y"),
        ]) {
            assert.match(
                foreignSecretFault(secret) ?? "free",
                /^Secret clinical-ai-aws-credentials in namespace clinical-ai is not managed .* \(keys: token\)\. .* kubectl delete secret/,
            );
            assert.doesNotMatch(foreignSecretFault(secret)!, /c2VjcmV0/);
        }
    });
});
