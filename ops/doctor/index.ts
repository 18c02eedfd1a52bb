import { type Remedies } from "../cli/host";
import { type Declared, type Facts } from "./facts";
import { type Diagnosis, remediesOf } from "./finding";
import { findingsOf, unseen } from "./findings";
import { observe, type DoctorAccess } from "./observe";

export { type Declared } from "./facts";
export { type Diagnosis, type Finding } from "./finding";
export { type DoctorAccess } from "./observe";

/** Looks at clinical-ai's cluster side and says what is wrong, why, and the fix. It changes nothing. */
export async function diagnose(
    access: DoctorAccess,
    declared: Declared,
    remedies: Remedies = remediesOf(declared.stack),
): Promise<Diagnosis> {
    return diagnosisOf(await observe(access, declared), declared, remedies);
}

/** The same of what was seen before. */
export function diagnosisOf(facts: Facts, declared: Declared, remedies: Remedies): Diagnosis {
    const { kubernetesFault, vaultFault } = facts;
    return {
        findings: findingsOf(facts, declared, remedies),
        looked: [
            ...(kubernetesFault ? [] : ["clinical-ai's objects in Kubernetes"]),
            ...(vaultFault ? [] : ["its secret, policy and role in Vault"]),
        ],
        notSeen: unseen(facts),
        unreachable: kubernetesFault !== undefined && vaultFault?.kind === "unreachable",
    };
}
