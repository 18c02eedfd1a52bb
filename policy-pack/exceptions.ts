import { type Resource } from "./rule";

/** A resource for which a rule does not hold, and why. */
export interface Exception {
    /** Id of the rule. */
    readonly rule: string;
    /** Which resource, in words. */
    readonly what: string;
    readonly why: string;
    holds(resource: Resource): boolean;
}

const policy = "aws:iam/policy:Policy";
const functionUrl = "aws:lambda/functionUrl:FunctionUrl";
const permission = "aws:lambda/permission:Permission";

/** The gate's name in any environment; its keeper's has one more word. */
const gateFunction = /^deployer-ddf-llm-models-[a-z]+$/;

const isThroughUrl = ({ action, invokedViaFunctionUrl }: Resource["props"]) =>
    action === "lambda:InvokeFunctionUrl" || (action === "lambda:InvokeFunction" && invokedViaFunctionUrl === true);

/** Every exception. A test requires of each that a stack needs it. */
export const exceptions: readonly Exception[] = [
    {
        rule: "bucket-keeps-versions",
        what: "the snapshotter's bucket",
        why: "The key of a snapshot names its run, so nothing is written over; and no identity of the service may delete.",
        holds: ({ type, props }) => type === "aws:s3/bucket:Bucket" && /^fruitful-lab-snapshots-/.test(props.bucket),
    },
    {
        rule: "iam-names-resources",
        what: "the rights of the account's deployer and previewer",
        why: "They make and look at whatever the program declares; the account is the environment's own.",
        holds: ({ type, props }) => type === policy && /^platform-(deployer|previewer)-\w+-rights$/.test(props.name),
    },
    {
        rule: "iam-cannot-raise-itself",
        what: "the rights of the account's deployer",
        why: "It makes the identities and their policies: whoever deploys the program can do all that its identities can.",
        holds: ({ type, props }) => type === policy && /^platform-deployer-\w+-rights$/.test(props.name),
    },
    {
        rule: "function-callers-sign",
        what: "the alias `keys` of a gate",
        why: "Its callers show a key of the gate's own, which the gate looks up; `gate.keys` is off by default.",
        holds: ({ type, props }) =>
            props.qualifier === "keys" &&
            (type === functionUrl
                ? gateFunction.test(props.functionName)
                : type === permission && gateFunction.test(props.function) && isThroughUrl(props)),
    },
];
