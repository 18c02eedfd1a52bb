/** Path of the API that reads a secret of a KV v2 mount: the engine puts `data/` between mount and secret. */
export function kvDataPath(mount: string, path: string): string {
    return `${mount}/data/${path}`;
}

/** Path of the API at which Vault's AWS secrets engine makes a set of keys. */
export function awsCredentialsPath(mount: string, role: string): string {
    return `${mount}/creds/${role}`;
}

/** A Vault policy, in HCL, that lets its holder read one path and do nothing else. */
export function readOnly(path: string): string {
    return `path ${JSON.stringify(path)} {\n  capabilities = ["read"]\n}\n`;
}

/** A duration as Kubernetes and Go write it, in the largest unit that leaves no rest: 3600 is `1h`, 90 is `90s`. */
export function duration(seconds: number): string {
    if (seconds % 3600 === 0) return `${seconds / 3600}h`;
    if (seconds % 60 === 0) return `${seconds / 60}m`;
    return `${seconds}s`;
}

/** What is expected of a path that is not exact (`*` and `+` are patterns in a Vault policy), and undefined where it is. */
export function pathFault(path: string): string | undefined {
    return /^[\w.-]+(\/[\w.-]+)*$/.test(path)
        ? undefined
        : "letters, digits, `_`, `.` and `-`, in parts joined by single slashes";
}
