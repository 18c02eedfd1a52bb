import { type AccessRequest } from "../../ops/access/world";
import { isOpened, opening } from "./opened";

/** What is asked, whoever asks. */
export type Ask = Omit<AccessRequest, "principal" | "session">;

/**
 * Who may do what where, and what nobody may: the intent that the policies are compared with. It is written by hand after
 * the facts of the services and never read off a policy, and it is compared in the plainest way: exact names, or
 * expressions where a whole range is meant.
 */
export interface Intent {
    readonly bans: readonly Ban[];
    readonly rights: readonly Right[];
}

export interface Right {
    /** The fact that the right follows from, such as `A2`. */
    readonly id: string;
    readonly who: readonly string[];
    /** Id of the statement that is to allow it; the policy's name where its statement has none. */
    readonly by: string;
    readonly actions: ReadonlySet<string>;
    readonly on: readonly (string | RegExp)[];
    /** What the request has to say of itself; undefined stands for a key that is absent. @default anything */
    readonly given?: Given;
}

/** What whoever asks is denied, though a right may say otherwise. */
export interface Ban extends Omit<Right, "who" | "actions"> {
    /** @default anyone */
    readonly who?: readonly string[];
    /** Actions, or all of a service, as `s3`. */
    readonly actions: ReadonlySet<string> | string;
}

export type Given = Readonly<Record<string, string | RegExp | ((value: string | undefined) => boolean)>>;

/** Actions of one service, such as `s3: GetObject PutObject`. */
export function actions(...lists: readonly string[]): ReadonlySet<string> {
    return new Set(
        lists.flatMap((list) => {
            const [service, names] = list.split(": ");
            return names
                .trim()
                .split(/\s+/)
                .map((name) => `${service}:${name}`);
        }),
    );
}

/** Whatever begins with this text. */
export function under(start: string): RegExp {
    return new RegExp(`^${start.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}.*$`, "s");
}

export interface Expected {
    readonly allowed: boolean;
    /** Id of the deciding statement; undefined where none speaks of the request. */
    readonly by?: string;
}

/** The part of an intent that one caller meets. */
export function intentFor({ bans, rights }: Intent, principal: string): Intent {
    const meets = ({ who }: Right | Ban) => who === undefined || who.includes(principal);
    return { bans: bans.filter(meets), rights: rights.filter(meets) };
}

/** What the caller whose intent it is is to be answered. */
export function expectedOf({ bans, rights }: Intent, request: Ask): Expected {
    const ban = bans.find((one) => covers(one, request));
    if (ban) return { allowed: false, by: ban.by };
    const right = rights.find((one) => covers(one, request));
    if (!right) return { allowed: false };
    return { allowed: true, by: isOpened(request.resource) ? opening : right.by };
}

function covers({ actions: some, on, given = {} }: Right | Ban, { action, resource, context = {} }: Ask) {
    return (
        (typeof some === "string" ? action.startsWith(`${some}:`) : some.has(action)) &&
        on.some((place) => (typeof place === "string" ? place === resource : place.test(resource))) &&
        Object.entries(given).every(([key, wanted]) => meets(wanted, context[key] as string | undefined))
    );
}

function meets(wanted: Given[string], value: string | undefined): boolean {
    if (typeof wanted === "function") return wanted(value);
    return value !== undefined && (typeof wanted === "string" ? wanted === value : wanted.test(value));
}
