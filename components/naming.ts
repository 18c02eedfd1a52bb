/**
 * The physical name of a resource in an environment: production keeps the plain name, every other environment adds
 * `-<environment>`. A name that holds the environment in its middle or at its end is made with {@link environmentName}.
 */
export function physicalName(productionName: string, environment: string): string {
    return environment === "prod" ? productionName : `${productionName}-${environment}`;
}

/** The physical name of a resource that carries its environment everywhere, production too. */
export function environmentName(stem: string, environment: string): string {
    return `${stem}-${environment}`;
}

/** What is expected of the name of a user or role that IAM refuses, and undefined where it accepts it. */
export function identityNameFault(name: string): string | undefined {
    return /^[\w+=,.@-]{1,64}$/.test(name) ? undefined : "1 to 64 letters, digits and +=,.@_-";
}

/** What is expected of the name of a policy that IAM refuses, and undefined where it accepts it. */
export function policyNameFault(name: string): string | undefined {
    return /^[\w+=,.@-]{1,128}$/.test(name) ? undefined : "1 to 128 letters, digits and +=,.@_-";
}
