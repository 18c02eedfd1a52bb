import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { parseDocument } from "yaml";

import { rootCredentials } from "../../local/aws/server";
import { root } from "../../local/paths";
import { type Keys } from "../../ops/aws/clients";
import { freePorts, TestCloud } from "./test-cloud";

/** The times of `platform:rotation`, in seconds. */
export interface RotationTimes {
    readonly validSeconds: number;
    readonly timeoutSeconds: number;
    readonly quietSeconds: number;
    readonly graceSeconds: number;
}

/** A local cloud with rl-studio alone, whose keys are rotated: the tool edits a stack file of the test's own. */
export class RotationCloud extends TestCloud {
    static override async create(): Promise<RotationCloud> {
        return new RotationCloud(await freePorts(2));
    }

    get stackFile(): string {
        return this.file("Pulumi.local.yaml");
    }

    /** A file as rl-studio reads it. */
    get envFile(): string {
        return this.file("rl-studio.env");
    }

    override get env(): NodeJS.ProcessEnv {
        return { ...super.env, PLATFORM_LOCAL_STACK_FILE: this.stackFile };
    }

    /** Deploys rl-studio and writes its first key into its file. */
    async deploy(times: RotationTimes): Promise<{ readonly bucket: string; readonly user: string }> {
        copyFileSync(join(root, "Pulumi.local.yaml"), this.stackFile);
        this.configure("platform:services", ["rl-studio"]);
        this.setTimes(times);
        await this.succeed(["pulumi", "up", "--yes", "--skip-preview"]);
        const { "rl-studio": outputs } = await this.outputs();
        const { accessKeyId, secretAccessKey, bucketName: bucket, userName: user } = outputs;
        const lines = [`AWS_ACCESS_KEY_ID=${accessKeyId}`, `AWS_SECRET_ACCESS_KEY=${secretAccessKey}`];
        writeFileSync(this.envFile, `${lines.join("\n")}\n`, { mode: 0o600 });
        return { bucket, user };
    }

    /** Puts the times into the stack file. */
    setTimes(times: RotationTimes): void {
        this.configure("platform:rotation", times);
    }

    private configure(setting: string, value: unknown): void {
        const document = parseDocument(readFileSync(this.stackFile, "utf8"));
        document.setIn(["config", setting], document.createNode(value));
        writeFileSync(this.stackFile, document.toString());
    }

    /** Paths of the certificate that the local AWS shows and of its key. */
    get tls(): { readonly certificate: string; readonly key: string } {
        const folder = join(this.folder, "tls");
        return { certificate: join(folder, "certificate.pem"), key: join(folder, "key.pem") };
    }

    /** Ids of the keys of whoever deploys and looks on. */
    get operatorsKeys(): string[] {
        const identities = JSON.parse(readFileSync(join(this.folder, "identities.json"), "utf8")) as Record<
            string,
            Keys
        >;
        return [rootCredentials, ...Object.values(identities)].map(({ accessKeyId }) => accessKeyId);
    }

    /** Takes the cloud down as it is: what is in it is of no use to anybody. */
    override async remove(): Promise<void> {
        await this.run(["down", "--discard"]);
        await super.remove();
    }
}
