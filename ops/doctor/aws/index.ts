import { type Remedies } from "../../cli/host";
import { type Diagnosis } from "../index";
import { type AwsFacts } from "./facts";
import { awsFindings, awsLooked, awsUnseen } from "./findings";
import { type AwsAccess, type AwsWish, observeAws } from "./observe";

export { type AwsAccess, type AwsWish } from "./observe";

/** Looks at services' side in AWS with the deployer's eyes and says what is wrong. It changes nothing. */
export async function diagnoseAws(access: AwsAccess, wish: AwsWish, remedies: Remedies): Promise<Diagnosis> {
    return awsDiagnosisOf(await observeAws(access, wish), wish, remedies);
}

/** The same of what was seen before. */
export function awsDiagnosisOf(
    facts: AwsFacts,
    { declared }: Pick<AwsWish, "declared">,
    remedies: Remedies,
): Diagnosis {
    return {
        findings: awsFindings(facts, declared, remedies),
        looked: awsLooked(facts),
        notSeen: awsUnseen(facts),
        unreachable: facts.fault !== undefined && facts.fault.kind !== "refused",
    };
}
