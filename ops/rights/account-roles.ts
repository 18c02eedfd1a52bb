/** The roles that an account's first deployment makes: of whoever deploys, and of whoever previews. */
export type AccountRole = "deployer" | "previewer";

/**
 * Name of a role in an environment's account, and of the service account that stands for it in a cluster of Pulumi's
 * operator. `ci/environment` prints it, and the policy pack excepts its rights; tests hold both to this.
 */
export const accountRoleName = (role: AccountRole, environment: string) => `platform-${role}-${environment}`;
