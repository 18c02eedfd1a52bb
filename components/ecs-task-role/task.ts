/** Memory sizes that Fargate offers next to a number of CPU units, in MiB: from, to, in steps of. */
const fargateSizes: Readonly<Record<number, { readonly from: number; readonly to: number; readonly step: number }>> = {
    256: { from: 512, to: 2048, step: 512 },
    512: { from: 1024, to: 4096, step: 1024 },
    1024: { from: 2048, to: 8192, step: 1024 },
    2048: { from: 4096, to: 16384, step: 1024 },
    4096: { from: 8192, to: 30720, step: 1024 },
    8192: { from: 16384, to: 61440, step: 4096 },
    16384: { from: 32768, to: 122880, step: 8192 },
};

/** Numbers of CPU units that Fargate offers. */
export const cpuUnits = Object.keys(fargateSizes).map(Number);

/** What is expected of a number of CPU units that Fargate does not offer, and undefined where it does. */
export function cpuFault(cpu: number): string | undefined {
    return cpu in fargateSizes ? undefined : `one of ${cpuUnits.join(", ")} CPU units`;
}

/** What is expected of an amount of memory that Fargate does not offer next to `cpu`, and undefined where it does. */
export function memoryFault(cpu: number, memory: number): string | undefined {
    const { from, to, step } = fargateSizes[cpu];
    // A quarter of a CPU has sizes of its own: 512, 1024 and 2048 MiB, and nothing in between.
    const offered = memory >= from && memory <= to && memory % step === 0 && !(cpu === 256 && memory === 1536);
    if (offered) return undefined;
    return cpu === 256
        ? "512, 1024 or 2048 MiB next to 256 CPU units"
        : `${from} to ${to} MiB in steps of ${step} next to ${cpu} CPU units`;
}

/** Days for which CloudWatch Logs can keep a log. */
export const retentionDays: readonly number[] = [
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/** What is expected of a retention that CloudWatch Logs does not offer, and undefined where it does. */
export function retentionFault(days: number): string | undefined {
    return retentionDays.includes(days) ? undefined : `one of ${retentionDays.join(", ")} days`;
}

/** What is expected of the family of a task definition that ECS refuses, and undefined where it accepts it. */
export function familyFault(family: string): string | undefined {
    return /^[A-Za-z0-9_-]{1,255}$/.test(family) ? undefined : "1 to 255 letters, digits, hyphens and underscores";
}

/** An image that is named by its digest. */
export const imagePattern = /^[^\s@]+@sha256:[0-9a-f]{64}$/;

/** What is expected of an image that is not named by its digest, and undefined where it is. */
export function imageFault(image: string): string | undefined {
    return imagePattern.test(image)
        ? undefined
        : "an image named by its digest, <name>@sha256:<64 hexadecimal digits>: a tag can be moved";
}

/** A private ECR repository. */
export interface EcrRepository {
    readonly accountId: string;
    readonly region: string;
    readonly repositoryName: string;
}

/**
 * The private ECR repository that an image is in, and undefined where it is elsewhere. ECR has two kinds of address,
 * `<account>.dkr.ecr.<region>.amazonaws.com` (with `.cn` in China) and `<account>.dkr-ecr.<region>.on.aws`.
 */
export function ecrRepository(image: string): EcrRepository | undefined {
    const address =
        /^(\d{12})\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|on\.(?:aws|amazonwebservices\.com\.cn))\//;
    const match = address.exec(image);
    if (!match) return undefined;
    const [registry, accountId, region] = match;
    const repositoryName = image.slice(registry.length).replace(/[:@].*$/, "");
    return { accountId, region, repositoryName };
}

/** What a container definition is made of. */
export interface KnownContainer {
    readonly family: string;
    readonly image: string;
    readonly environment: Readonly<Record<string, string>>;
    readonly logGroupName: string;
    readonly region: string;
}

/**
 * The only container of a task, in the JSON grammar of ECS. Its root file system cannot be written to. Variables are
 * sorted by name, so that their order in the program makes no difference.
 */
export function containerDefinition(container: KnownContainer) {
    const { family, image, environment, logGroupName, region } = container;
    return {
        name: family,
        image,
        essential: true,
        readonlyRootFilesystem: true,
        environment: Object.keys(environment)
            .sort()
            .map((name) => ({ name, value: environment[name] })),
        logConfiguration: {
            logDriver: "awslogs",
            options: { "awslogs-group": logGroupName, "awslogs-region": region, "awslogs-stream-prefix": family },
        },
    };
}
