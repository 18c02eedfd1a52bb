/** Bytes that AWS Lambda allows for all environment variables of a function together (AWS Lambda, "Lambda quotas"). */
export const largestVariables = 4096;

/** How many of the largest settings are named. */
const named = 3;

/** One variable, which holds settings as JSON. */
export interface SettingsVariable {
    readonly variable: "GATE_SETTINGS" | "KEEPER_SETTINGS";
    readonly settings: object;
}

/** Bytes of a function's variables as AWS Lambda measures them: as one JSON object, in which quotes are escaped. */
export function bytesOfVariables({ variable, settings }: SettingsVariable): number {
    return Buffer.byteLength(JSON.stringify({ [variable]: JSON.stringify(settings) }));
}

/** What is expected of settings that AWS Lambda would refuse as the function is made, when much else is made already. */
export function variablesFault(of: SettingsVariable): string | undefined {
    if (bytesOfVariables(of) <= largestVariables) return undefined;
    const sizes = Object.entries(of.settings).map(
        ([name, value]) => [name, Buffer.byteLength(JSON.stringify(value) ?? "")] as const,
    );
    const largest = sizes.sort(([, one], [, other]) => other - one).slice(0, named);
    return (
        `at most ${largestVariables} bytes, the limit of AWS Lambda for a function's environment variables; ` +
        `the largest settings in it are ${largest.map(([name, size]) => `${name} (${size} bytes)`).join(", ")}`
    );
}
