/** How a stack makes physical names. */
export interface Names {
    /** Of what adds its environment outside of production. */
    name(production: string): string;
    /** Of what carries its environment everywhere. */
    environmentName(stem: string): string;
}

/** The physical names under which somebody may have made parts of a service before its stack did. */
export interface ExistingNames {
    /** What can be adopted, by the key of `adopt` in the service's settings. */
    readonly buckets: Readonly<Record<string, string>>;
    readonly users: Readonly<Record<string, string>>;
    /** Roles, groups, managed policies, log groups, topics and budgets: an update fails where they exist. */
    readonly others: readonly string[];
}
