import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { join, relative } from "node:path";

import execa from "execa";

import { localDirectory, root } from "../../local/paths";
import { type Finding, type Judge } from "./judge";
import { temporaryFolder } from "./temporary";

/** Every file of the repository, and the state and the logs of the local cloud. */
export const secretlint: Judge = {
    name: "secretlint",
    async ask() {
        const { stdout } = await execa("git", ["ls-files", "-z"], { cwd: root });
        const repository = stdout.split("\0").filter((file) => file !== "" && existsSync(join(root, file)));
        const folder = localDirectory();
        const local = readdirSync(folder, { recursive: true, encoding: "utf8" })
            .filter((file) => file.startsWith("state/") || (file.endsWith(".log") && !file.startsWith("pulumi-home/")))
            .map((file) => join(folder, file))
            .filter((file) => statSync(file).isFile());
        return {
            asked: `${repository.length} files of the repository, ${local.length} of state and logs`,
            findings: await secretsIn([...repository.map((file) => join(root, file)), ...local]),
        };
    },
};

/** What secretlint takes for a secret in these files, by its recommended rules. */
export const secretsIn = (files: readonly string[]): Promise<Finding[]> =>
    temporaryFolder(async (folder) => {
        // Through a file: a pipe loses what it has not taken when the program ends itself.
        const output = join(folder, "findings.json");
        const rules = JSON.stringify({ rules: [{ id: "@secretlint/secretlint-rule-preset-recommend" }] });
        const options = [
            "--secretlintrcJSON",
            rules,
            "--format",
            "json",
            "--maskSecrets",
            "--no-glob",
            "--output",
            output,
        ];
        const program = join(root, "node_modules", "secretlint", "bin", "secretlint.js");
        // It takes no file beside the folder that it is in.
        const { stdout, stderr, exitCode } = await execa(process.execPath, [program, ...options, ...files], {
            cwd: "/",
            reject: false,
        });
        if (exitCode !== 0) throw new Error(`secretlint exited ${exitCode}: ${stderr || stdout}`);
        const results = JSON.parse(readFileSync(output, "utf8")) as {
            filePath: string;
            messages: { messageId: string; ruleId: string; message: string }[];
        }[];
        if (results.length !== files.length) {
            throw new Error(`secretlint read ${results.length} of ${files.length} files`);
        }
        return results.flatMap(({ filePath, messages }) =>
            messages.map(({ ruleId, message }) => ({
                of: "files",
                rule: ruleId.replace("@secretlint/secretlint-rule-", ""),
                subject: relative(root, filePath),
                detail: message,
            })),
        );
    });
