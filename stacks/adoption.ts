import { type RlStudioSettings } from "../services/rl-studio";

/** What of a user is adopted, as ScopedIdentity takes it. */
export function adoptedUser(parts: RlStudioSettings["adopt"]["user"]): { user: boolean; policy: boolean } {
    return { user: parts.includes("user"), policy: parts.includes("policy") };
}
