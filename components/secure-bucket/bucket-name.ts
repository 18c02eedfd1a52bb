/** Prefixes that S3 keeps for itself. */
const reservedPrefixes = ["xn--", "sthree-", "amzn-s3-demo-"] as const;

/** Suffixes that S3 keeps for access point aliases and for other kinds of bucket. */
const reservedSuffixes = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"] as const;

/**
 * What S3 expects of the name of a general purpose bucket where `name` breaks a rule, and undefined where it breaks none.
 * The answer completes the sentence "bucketName is …, expected …".
 */
export function bucketNameFault(name: string): string | undefined {
    if (name.length < 3 || name.length > 63) return "3 to 63 characters";
    if (!/^[a-z0-9.-]+$/.test(name)) return "lower-case letters, digits, dots and hyphens only";
    if (!/^[a-z0-9].*[a-z0-9]$/.test(name)) return "a letter or a digit at both ends";
    if (name.includes("..")) return "no two dots in a row";
    if (/^\d+\.\d+\.\d+\.\d+$/.test(name)) return "a name that does not look like an IP address";
    const prefix = reservedPrefixes.find((reserved) => name.startsWith(reserved));
    if (prefix) return `a name that does not begin with "${prefix}", which S3 reserves`;
    const suffix = reservedSuffixes.find((reserved) => name.endsWith(reserved));
    if (suffix) return `a name that does not end with "${suffix}", which S3 reserves`;
    return undefined;
}
