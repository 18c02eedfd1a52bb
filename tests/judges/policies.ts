import { type Exception } from "./exceptions";
import { deployer, type Extract } from "./extract";
import { invariantsOf } from "./invariants";
import { askScript, type Judge, type Verdict } from "./judge";

export const parliament: Judge = {
    name: "parliament",
    ask: (extracts) => askScript("parliament.py", { extracts }),
};

export const cloudsplaining: Judge = {
    name: "cloudsplaining",
    ask: (extracts) => askScript("cloudsplaining.py", { extracts }),
};

/** Every stack's invariants, and the package's own of privilege escalation and of trust, proved by Z3. */
export const iamprover: Judge = {
    name: "iamprover",
    async ask(extracts, exceptions) {
        // Z3 takes one processor.
        const verdicts = await Promise.all(extracts.map((extract) => prove(extract, exceptions)));
        return {
            asked: [...new Set(verdicts.map(({ asked }) => asked))].join("; "),
            findings: verdicts.flatMap(({ findings }) => findings),
        };
    },
};

async function prove(extract: Extract, exceptions: readonly Exception[]): Promise<Verdict> {
    const { stack, environment, accountId, details, resourcePolicies } = extract;
    // A statement that an exception names is of no account and of no environment in particular.
    const suffix = environment === "prod" ? "" : `-${environment}`;
    const only = JSON.parse(
        JSON.stringify(exceptions.filter((one) => one.only !== undefined))
            .replaceAll("<account>", accountId)
            .replaceAll("<suffix>", suffix),
    ) as Exception[];
    const { asked, findings } = await askScript("iamprover.py", {
        details,
        resourcePolicies,
        invariants: invariantsOf(extract),
        deployer: `arn:aws:iam::${accountId}:user/${deployer}`,
        exceptions: only,
    });
    return { asked: `${stack}: ${asked}`, findings: findings.map((finding) => ({ ...finding, of: stack })) };
}
