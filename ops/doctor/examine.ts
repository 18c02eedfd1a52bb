import { type ServiceName } from "../../services";
import { clinicalAi } from "../../services/clinical-ai";
import { type Settings } from "../../stacks/settings";
import { type Remedies } from "../cli/host";
import { type AwsAccess, diagnoseAws } from "./aws";
import { diagnose, type Diagnosis, type DoctorAccess } from "./index";
import { type DoctorSettings, doctorSettings } from "./settings";

/** What is examined, and with what. */
export interface Examination {
    readonly stack: string;
    /** How the tool is called, for what people are told to type. */
    readonly program: string;
    /** What people type to verify the stack, with the deployer's rights. */
    readonly verify: string;
    readonly settings: Settings;
    readonly services: readonly ServiceName[];
    /** What paths in the settings are relative to. */
    readonly folder: string;
    readonly remedies: Remedies;
    readonly aws: AwsAccess;
    /** What opens clinical-ai's cluster, asked for only where the stack has one. */
    cluster(settings: DoctorSettings): DoctorAccess;
}

/** Looks at services in AWS, and at clinical-ai's cluster side too where it is one of them. It changes nothing. */
export async function examine(examination: Examination): Promise<Diagnosis> {
    const { services, stack, program, verify, settings, aws, remedies } = examination;
    const { region, allowedAccountIds: accountIds } = settings;
    const wish = { services, settings, declared: { stack, program, verify, region, accountIds } };
    const [inCluster, inAws] = await Promise.all([clusterSide(examination), diagnoseAws(aws, wish, remedies)]);
    return inCluster ? joined(inCluster, inAws) : inAws;
}

async function clusterSide(examination: Examination): Promise<Diagnosis | undefined> {
    const { services, stack, settings, folder, remedies } = examination;
    if (!services.includes(clinicalAi.name)) return undefined;
    const of = doctorSettings(stack, settings, folder);
    if (of) return diagnose(examination.cluster(of), of.declared, remedies);
    const notSeen = [{ what: "clinical-ai's cluster", why: "the stack's settings have no cluster" }];
    return { findings: [], looked: [], notSeen, unreachable: true };
}

/** Two diagnoses as one; a key of clinical-ai's that both complain of is said once, where its consequence is. */
export function joined(inCluster: Diagnosis, inAws: Diagnosis): Diagnosis {
    const said = new Set(inCluster.findings.map(({ id }) => id));
    const news = inAws.findings.filter(({ id, service }) => service !== clinicalAi.name || !said.has(id));
    return {
        findings: [...inCluster.findings, ...news],
        looked: [...inAws.looked, ...inCluster.looked],
        notSeen: [...inCluster.notSeen, ...inAws.notSeen],
        unreachable: inCluster.unreachable && inAws.unreachable,
    };
}
