import { type Context } from "hono";

import { gateKeyItem, gateKeyPrefix, iamCaller, keyCaller } from "./core/callers";
import { cannotCount } from "./core/refusal";
import { type Store } from "./core/store";
import { type Caller, Refused } from "./call";

/** The caller whose signature Lambda has checked, where a request came through the URL with IAM. */
export function signedCaller(context: Context): Caller | undefined {
    const arn = (context.env as LambdaBindings | undefined)?.event?.requestContext?.authorizer?.iam?.userArn;
    return arn === undefined ? undefined : iamCaller(arn);
}

/** The caller whose gate key a request bears. @throws Refused where it bears none that is known */
export async function bearer(
    context: Context,
    { store, now }: { readonly store: Store; readonly now: () => Date },
): Promise<Caller> {
    const [, secret] = /^Bearer\s+(\S+)$/i.exec(context.req.header("authorization") ?? "") ?? [];
    if (secret === undefined || !secret.startsWith(gateKeyPrefix)) throw unknownCaller;
    const key = gateKeyItem(secret);
    const item = await store.get(key).catch(() => {
        throw new Refused(cannotCount);
    });
    const caller = keyCaller(key.sort, item, now());
    if (!caller) throw unknownCaller;
    return caller;
}

const unknownCaller = new Refused({
    status: 401,
    code: "unknown_caller",
    message:
        "The gate knows requests that are signed with AWS keys and, where they are turned on, gate keys that are " +
        "neither revoked nor expired",
});

/** The part of Lambda's event that tells who called; IAM's part is there only where the URL asks for a signature. */
interface LambdaBindings {
    readonly event?: {
        readonly requestContext?: { readonly authorizer?: { readonly iam?: { readonly userArn?: string } } };
    };
}
