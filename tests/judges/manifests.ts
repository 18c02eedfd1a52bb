import { mkdirSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";

import { KubeConfig } from "@kubernetes/client-node";
import execa from "execa";

import { clusterFolder, kubeconfigOf } from "../../local/cluster/places";
import { findPart, type Part } from "../../local/part";
import { cacheDirectory, localDirectory } from "../../local/paths";
import { objectPath } from "../../ops/kubernetes/client";
import { type Extract, type Manifest } from "./extract";
import { type Finding, type Judge, nameOf, pythonOf } from "./judge";
import { writeSchemas } from "./schemas";
import { temporaryFolder } from "./temporary";

const version = "0.8.0";

const kubeconformPart: Part = {
    name: "kubeconform",
    version,
    build: {
        module: join(__dirname, "modules", "kubeconform"),
        command: "github.com/yannh/kubeconform/cmd/kubeconform",
        binary: "kubeconform",
        ldflags: `-X main.version=v${version}`,
    },
};

/** Each manifest against the schema of its kind, with nothing in it that the schema does not name. */
export const kubeconform: Judge = {
    name: "kubeconform",
    ask: (extracts) =>
        temporaryFolder(async (folder) => {
            const { path } = await findPart(kubeconformPart, places());
            const schemas = await writeSchemas(join(folder, "schemas"));
            const findings: Finding[] = [];
            for (const extract of extracts) {
                const options = ["-strict", "-summary", "-output", "json", "-schema-location", schemas];
                const { stdout, stderr } = await execa(path, [...options, writeManifests(folder, extract)], {
                    reject: false,
                });
                const { resources, summary } = parsed<Kubeconform>(stdout, stderr);
                const judged = summary.valid + summary.invalid + summary.errors;
                if (judged !== extract.manifests.length) {
                    throw new Error(`kubeconform judged ${judged} of ${extract.stack}`);
                }
                for (const { kind, name, status, msg } of resources) {
                    findings.push({ of: extract.stack, rule: status, subject: `${kind}/${name}`, detail: msg });
                }
            }
            return { asked: counted(extracts), findings };
        }),
};

interface Kubeconform {
    readonly resources: readonly {
        readonly kind: string;
        readonly name: string;
        readonly status: string;
        readonly msg: string;
    }[];
    readonly summary: Readonly<Record<"valid" | "invalid" | "errors" | "skipped", number>>;
}

export const checkov: Judge = {
    name: "checkov",
    ask: (extracts) =>
        temporaryFolder(async (folder) => {
            const python = await pythonOf("checkov");
            for (const extract of extracts) writeManifests(folder, extract);
            const options = [
                "--framework",
                "kubernetes",
                "--output",
                "json",
                "--quiet",
                "--compact",
                "--skip-download",
            ];
            const { stdout, stderr } = await execa(
                python,
                ["-I", "-m", "checkov.main", "--directory", folder, ...options],
                { reject: false, env: { PATH: process.env.PATH, LOG_LEVEL: "ERROR" }, extendEnv: false },
            );
            const { results, summary } = parsed<Checkov>(stdout, stderr);
            if (summary.parsing_errors > 0) throw new Error(`checkov could not read ${summary.parsing_errors} files`);
            const findings = results.failed_checks.map(({ check_id, check_name, resource, file_path }) => ({
                of: file_path.split("/")[1],
                rule: check_id,
                subject: resource,
                detail: check_name,
            }));
            return { asked: `${counted(extracts)}, ${summary.passed + summary.failed} checks`, findings };
        }),
};

interface Checkov {
    readonly results: {
        readonly failed_checks: readonly Record<"check_id" | "check_name" | "resource" | "file_path", string>[];
    };
    readonly summary: Readonly<Record<"passed" | "failed" | "parsing_errors", number>>;
}

/** Whether the API server would take each manifest as it is; nothing is changed. A warning counts as a finding. */
export const apiServer: Judge = {
    name: "API server's dry run",
    async ask(extracts) {
        const config = new KubeConfig();
        try {
            config.loadFromFile(kubeconfigOf(clusterFolder(localDirectory()), "admin"));
        } catch (error) {
            if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
            throw error;
        }
        const findings: Finding[] = [];
        for (const { stack: of, manifests } of extracts) {
            for (const manifest of manifests) {
                const faults = await dryRun(config, manifest);
                findings.push(...faults.map(([rule, detail]) => ({ of, rule, subject: nameOf(manifest), detail })));
            }
        }
        return { asked: counted(extracts), findings };
    },
};

async function dryRun(config: KubeConfig, manifest: Manifest): Promise<(readonly [rule: string, detail: string])[]> {
    const { apiVersion, kind, metadata } = manifest;
    // Made anew, under a name that is free: of an object that is there already, a change keeps what it does not mention.
    const name = `${metadata.name}-judged`;
    const path = objectPath({ apiVersion, kind, ...metadata, name }).replace(/\/[^/]+$/, "");
    const query = "dryRun=All&fieldValidation=Strict";
    const options = { method: "POST", headers: { "content-type": "application/json" } };
    await config.applyToHTTPSOptions(options);
    return new Promise((resolve, reject) => {
        const sent = request(`${config.getCurrentCluster()!.server}${path}?${query}`, options, (response) => {
            let body = "";
            response.setEncoding("utf8").on("data", (text: string) => (body += text));
            response.on("error", reject);
            response.on("end", () => {
                const { warning = [] } = response.headers as { warning?: string | string[] };
                const refused = response.statusCode! < 300 ? [] : [`${response.statusCode}: ${body.slice(0, 500)}`];
                resolve([
                    ...refused.map((detail) => ["refused", detail] as const),
                    ...[warning].flat().map((detail) => ["warning", detail] as const),
                ]);
            });
        });
        sent.on("error", reject);
        sent.end(JSON.stringify({ ...manifest, metadata: { ...metadata, name } }));
    });
}

const places = () => ({ cache: cacheDirectory(), env: process.env, unreachable: new Set<string>() });

/** A folder with a file for every manifest of a stack. */
function writeManifests(folder: string, { stack, manifests }: Extract): string {
    const target = join(folder, stack);
    mkdirSync(target);
    manifests.forEach((manifest, index) =>
        writeFileSync(join(target, `${index}.json`), JSON.stringify(manifest, null, 1)),
    );
    return target;
}

const counted = (extracts: readonly Extract[]) =>
    `${extracts.reduce((sum, { manifests }) => sum + manifests.length, 0)} manifests`;

function parsed<T>(stdout: string, stderr: string): T {
    try {
        return JSON.parse(stdout) as T;
    } catch {
        throw new Error(`no JSON: ${stderr || stdout}`);
    }
}
