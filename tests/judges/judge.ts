import { join } from "node:path";

import execa from "execa";

import { cacheDirectory } from "../../local/paths";
import { pythonWith } from "../../local/python";
import { type Exception } from "./exceptions";
import { type Extract } from "./extract";

/** What a judge has to say of one thing. */
export interface Finding {
    /** Name of the stack, `local` for the account and the cluster that are up, or `files`. */
    readonly of: string;
    /** The judge's own name for what is wrong. */
    readonly rule: string;
    /** What it is wrong with: a policy, a principal, an object of Kubernetes, a file. */
    readonly subject: string;
    readonly detail: string;
}

/** What a judge looked at, in words that count it, and what it found. */
export interface Verdict {
    readonly asked: string;
    readonly findings: readonly Finding[];
}

export interface Judge {
    readonly name: string;
    /**
     * Throws where it cannot be asked.
     *
     * @param exceptions the judge's own
     * @returns undefined where what it judges is not there
     */
    readonly ask: (extracts: readonly Extract[], exceptions: readonly Exception[]) => Promise<Verdict | undefined>;
}

/** The Python in which a judge of PyPI is installed, with what it needs, by the file of that name. */
export const pythonOf = (name: "policies" | "checkov"): Promise<string> =>
    pythonWith(
        {
            title: name === "checkov" ? "checkov" : "parliament, cloudsplaining and iamprover",
            name: `judges-${name}`,
            version: "1",
            neededFor: "outside judges",
            requirements: join(__dirname, `${name}.txt`),
            hashes: true,
        },
        cacheDirectory(),
    );

/** What a script beside this file says of `input`; nothing of the caller's environment gets to it. */
export async function askScript(script: string, input: object): Promise<Verdict> {
    const python = await pythonOf("policies");
    const options = { input: JSON.stringify(input), env: { PATH: process.env.PATH }, extendEnv: false } as const;
    const { stdout } = await execa(python, ["-I", join(__dirname, script)], options);
    return JSON.parse(stdout) as Verdict;
}

/** Kind, namespace and name of an object of Kubernetes. */
export const nameOf = ({ kind, metadata }: Extract["manifests"][number]) =>
    [kind, metadata.namespace, metadata.name].filter(Boolean).join("/");
