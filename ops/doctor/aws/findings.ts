import { type OutdatedOutputs } from "../../../services/outputs";
import { type Remedies } from "../../cli/host";
import { mayBeAlive } from "../../recover/lock";
import { type Finding } from "../finding";
import { type Declaration } from "./declarations";
import { type AwsDeclared, type AwsFacts, type Keys, type ServiceFacts } from "./facts";
import { type Judgement } from "./simulate";

/** What is wrong on the side of AWS: who asks, what he may do, where the buckets are, how the keys are. */
export function awsFindings(facts: AwsFacts, declared: AwsDeclared, remedies: Remedies): Finding[] {
    return [
        ...callerFindings(facts, declared),
        ...updateFindings(facts.update, remedies),
        ...leftUserFindings(facts.leftUsers, declared),
        ...facts.services.flatMap((of) => [
            ...permissionFindings(of, facts.caller?.arn ?? ""),
            ...regionFindings(of, declared),
            ...unmanagedFindings(of, declared),
            ...keyFindings(of, facts.now, declared, remedies),
            ...trialFindings(of, declared),
        ]),
        ...facts.outdated.map(outdatedFinding(remedies)),
        ...declarationFindings(facts, declared, remedies),
    ];
}

/** What was looked at. */
export function awsLooked({ services, declarations }: AwsFacts): string[] {
    if (services.length === 0) return [];
    const said = declarations.state === "found" ? declarations.value.filter(({ ok }) => ok !== undefined).length : 0;
    return [
        "the deployer's permissions, the regions of buckets, access keys",
        ...(said > 0 ? [`${said} declarations of buckets, users, roles, policies, budgets and topics in AWS`] : []),
    ];
}

/** What was not looked at, and why. */
export function awsUnseen({
    fault,
    services,
    update,
    leftUsers,
    declarations,
}: AwsFacts): { readonly what: string; readonly why: string }[] {
    if (fault && fault.kind !== "refused") return [{ what: "AWS", why: fault.why }];
    const state = update.state === "unseen" ? [{ what: "whether an update is at work", why: update.why }] : [];
    const left =
        leftUsers.state === "unseen" ? [{ what: "users that a killed verify has left", why: leftUsers.why }] : [];
    const ofServices = services.flatMap(({ service, permissions, buckets, unmanaged, keys, trialLeft }) => [
        ...(permissions.state === "unseen"
            ? [{ what: `the deployer's permissions for ${service}`, why: permissions.why }]
            : []),
        ...(permissions.state === "found" ? permissions.value : [])
            .filter(({ verdict }) => verdict === "unknown")
            .map(({ action, resource, why }) => ({ what: `${action} on ${resource}`, why })),
        ...buckets.flatMap(({ name, region }) =>
            region.state === "unseen" ? [{ what: `the region of ${name}`, why: region.why }] : [],
        ),
        ...(trialLeft === undefined
            ? [{ what: `whether a trial of ${service}'s shut-off was left`, why: "IAM does not show the user's tags" }]
            : []),
        ...(unmanaged.state === "unseen"
            ? [{ what: `what exists of ${service} beside the stack`, why: unmanaged.why }]
            : []),
        ...(keys.state === "unseen" ? [{ what: `the access keys of ${service}`, why: keys.why }] : []),
    ]);
    const undeclared =
        declarations.state === "unseen"
            ? [{ what: "what AWS has of what the stack declares", why: declarations.why }]
            : (declarations.state === "found" ? declarations.value : [])
                  .filter(({ ok }) => ok === undefined)
                  .map(({ service, what, got }) => ({ what: `${service}: ${what}`, why: got }));
    return [...state, ...left, ...ofServices, ...undeclared];
}

function outdatedFinding({ up }: Remedies) {
    return ({ service, missing }: OutdatedOutputs): Finding => ({
        id: "outdated",
        severity: "warning",
        service,
        what: `${service}: another version of the program has deployed it`,
        why: `outputs that are missing or of another form: ${missing.join(", ")}`,
        fix: up,
    });
}

/** What somebody has changed by hand, or an update has not carried out. */
function declarationFindings(
    { declarations, services }: AwsFacts,
    { region }: AwsDeclared,
    remedies: Remedies,
): Finding[] {
    if (declarations.state !== "found") return [];
    // A bucket that is elsewhere answers nothing from here: that is told once.
    const elsewhere = services.flatMap(({ service, buckets }) =>
        buckets.some(({ region: look }) => look.state === "found" && look.value !== region) ? [service] : [],
    );
    const tried = services.flatMap(({ service, trialLeft }) => (trialLeft ? [service] : []));
    return declarations.value.flatMap(({ service, what, expected, got, ok, probe }): Finding[] => {
        if (ok !== false || elsewhere.includes(service)) return [];
        // A shut-off that a trial has left is told as that.
        if ((probe?.kind === "user" || probe?.kind === "policy") && tried.includes(service)) return [];
        const beside = besideStack(probe, remedies);
        return [
            {
                id: "not-as-declared",
                severity: "error",
                service,
                what: `${service}: ${what} is not as declared`,
                why: `expected ${expected}, got ${got}`,
                fix: remedies.refresh + (beside ? `; if it stays, ${beside}` : ""),
            },
        ];
    });
}

/** What somebody has added to an identity is no part of the stack: no update takes it away. */
function besideStack(probe: Declaration["probe"], { tools }: Remedies): string | undefined {
    if (probe?.kind !== "user" && probe?.kind !== "role") return undefined;
    const { kind, aspect } = probe;
    const of = `--${kind}-name ${probe.kind === "user" ? probe.user : probe.role}`;
    const commands: Readonly<Record<string, readonly [see: string, remove: string]>> = {
        grants: [`list-${kind}-policies`, `delete-${kind}-policy`],
        attachments: [`list-attached-${kind}-policies`, `detach-${kind}-policy`],
        groups: ["list-groups-for-user", "remove-user-from-group"],
    };
    if (!Object.hasOwn(commands, aspect)) return undefined;
    const [see, remove] = commands[aspect];
    return `it was added beside the stack: see ${tools}aws iam ${see} ${of}, and remove it with ${remove}`;
}

function leftUserFindings(left: AwsFacts["leftUsers"], { verify }: AwsDeclared): Finding[] {
    if (left.state !== "found") return [];
    return left.value.map(({ name, until, keys }) => ({
        id: "verify-user-left",
        severity: "warning",
        what: "a run of verify was killed and has left a user in IAM",
        why:
            `${name} has ${keys} access key${keys === 1 ? "" : "s"}` +
            (until ? `; after ${until.toISOString()} it may do nothing` : ""),
        fix: `${verify}, which removes it`,
    }));
}

function trialFindings({ service, trialLeft }: ServiceFacts, { verify }: AwsDeclared): Finding[] {
    if (!trialLeft) return [];
    return [
        {
            id: "shut-off-trial-left",
            severity: "error",
            service,
            what: `${service}: a run of verify was killed while it tried the shut-off, which may be in force`,
            why: "the service's user has the tag of a trial that nobody is at any more",
            fix: `${verify}, which detaches it`,
        },
    ];
}

function updateFindings(update: AwsFacts["update"], remedies: Remedies): Finding[] {
    if (update.state !== "found") return [];
    const { locks, pending } = update.value;
    const running = locks?.find(mayBeAlive);
    const lock = running ?? locks?.[0];
    const held =
        lock &&
        `process ${lock.pid} of ${lock.username} on ${lock.hostname} holds its lock since ${lock.began.toISOString()}`;
    if (running) {
        return [
            {
                id: "update-running",
                severity: "warning",
                what: "an update of the stack is at work, and what is found here may be of its making",
                why: held!,
                fix: "wait for it, then look again",
            },
        ];
    }
    const unfinished = pending.length > 0 ? `not finished: ${pending.join(", ")}` : undefined;
    return [
        {
            id: "update-interrupted",
            severity: "error",
            what: `an update of the stack ${locks ? "" : "is at work, or "}was interrupted`,
            why: [held && `${held}, and has ended`, unfinished].filter(Boolean).join("; "),
            fix: remedies.recover,
        },
    ];
}

function callerFindings({ fault, caller }: AwsFacts, { stack, accountIds }: AwsDeclared): Finding[] {
    if (fault?.kind === "refused") {
        return [
            {
                id: "credentials-refused",
                severity: "error",
                what: "AWS does not take the deployer's credentials",
                why: fault.why,
                fix: "log in to AWS again, or name another profile",
            },
        ];
    }
    if (!caller) return [];
    if (!accountIds.includes(caller.accountId)) {
        return [
            {
                id: "wrong-account",
                severity: "error",
                what: "the credentials belong to another account than the stack",
                why: `${caller.arn} is of account ${caller.accountId}; stack ${stack} is of ${accountIds.join(" or ")}`,
                fix: `log in to account ${accountIds.join(" or ")}, or name a profile of it; nothing else was asked`,
            },
        ];
    }
    if (caller.principal.kind !== "root") return [];
    return [
        {
            id: "root",
            severity: "warning",
            what: "the deployer is the account's root",
            why: "root may do everything, and no policy can limit it",
            fix: "deploy with a user or a role that has the policy of docs/deploying.md",
        },
    ];
}

function permissionFindings({ service, permissions }: ServiceFacts, arn: string): Finding[] {
    if (permissions.state !== "found") return [];
    const missing = permissions.value.filter(({ verdict }) => verdict === "missing");
    if (missing.length === 0) return [];
    return [
        {
            id: "permissions-missing",
            severity: "error",
            service,
            what: `${service}: the deployer lacks ${missing.length} of ${permissions.value.length} permissions`,
            why: missingInWords(missing),
            fix: `give them to ${arn}: docs/deploying.md, "Who may do what"`,
        },
    ];
}

function missingInWords(missing: readonly Judgement[]): string {
    const resources = [...new Set(missing.map(({ resource }) => resource))];
    return resources
        .map((resource) => {
            const actions = missing.filter((one) => one.resource === resource);
            const words = actions.map(({ action, why }) => (why === "" ? action : `${action} (${why})`));
            return `${words.join(", ")} on ${resource}`;
        })
        .join("; ");
}

function regionFindings({ service, buckets }: ServiceFacts, { region, stack }: AwsDeclared): Finding[] {
    return buckets.flatMap(({ name, region: look }): Finding[] => {
        if (look.state !== "found" || look.value === region) return [];
        return [
            {
                id: "region",
                severity: "error",
                service,
                what: `${service}: bucket ${name} is not in the stack's region`,
                why: `it is in ${look.value}, the settings say ${region}`,
                fix: `set aws:region in Pulumi.${stack}.yaml to ${look.value}; a bucket cannot be moved`,
            },
        ];
    });
}

function unmanagedFindings({ service, unmanaged }: ServiceFacts, { program, stack }: AwsDeclared): Finding[] {
    if (unmanaged.state !== "found") return [];
    return unmanaged.value.map((what) => ({
        id: "not-managed",
        severity: "error",
        service,
        what: `${service}: ${what} exists and is not managed by this stack`,
        why: "somebody else has made it, or an update was killed: an update fails to create it",
        fix: `${program} adopt ${service} --stack ${stack}`,
    }));
}

function keyFindings(
    { service, keys }: ServiceFacts,
    now: Date,
    { stack, program }: AwsDeclared,
    remedies: Remedies,
): Finding[] {
    if (keys.state !== "found") return [];
    const { userName, published, known, unfinished, inIam, maximumAgeDays } = keys.value;
    const found = inIam.find(({ id }) => id === published);
    const fault = (severity: Finding["severity"], id: string, what: string, why: string, fix: string): Finding => ({
        id,
        severity,
        service,
        what: `${service}: ${what}`,
        why,
        fix,
    });
    const foreign = inIam.filter(({ id }) => !known.includes(id)).map(({ id }) => id);
    const age = ageOf(keys.value, now);
    const findings: Finding[] = [];
    if (!found) {
        const why = `${published} is not a key of user ${userName}: it was deleted by hand`;
        findings.push(fault("error", "key-unknown", "the published access key does not exist", why, remedies.refresh));
    } else if (!found.active) {
        const why = `AWS refuses ${published} of user ${userName}`;
        const fix = `${remedies.tools}aws iam update-access-key --user-name ${userName} --access-key-id ${published} --status Active`;
        findings.push(fault("error", "key-inactive", "the published access key is inactive", why, fix));
    }
    for (const id of foreign) {
        if (unfinished) {
            const what = "an update that is not at its end may have made this access key";
            findings.push(fault("warning", "key-unfinished", what, `${id} of user ${userName}`, remedies.recover));
            continue;
        }
        const what = "the user has an access key that the stack did not make";
        const fix = `find out who uses it, then ${remedies.tools}aws iam delete-access-key --user-name ${userName} --access-key-id ${id}`;
        findings.push(fault("warning", "key-foreign", what, `${id} of user ${userName}`, fix));
    }
    if (age !== undefined && age >= maximumAgeDays) {
        const why = `${published} is ${Math.floor(age)} days old, at most ${maximumAgeDays} are allowed`;
        const what = "the published access key is due to be rotated";
        findings.push(fault("warning", "key-old", what, why, `${program} rotate ${service} --stack ${stack}`));
    }
    return findings;
}

/** The age of the published key in days. */
function ageOf({ published, inIam }: Keys, now: Date): number | undefined {
    const created = inIam.find(({ id }) => id === published)?.created;
    return created && (now.getTime() - created.getTime()) / 86_400_000;
}
