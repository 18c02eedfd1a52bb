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
