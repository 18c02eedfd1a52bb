/** Mutants that no request to AWS tells from the policy itself, with the reason. */
export interface Equivalent {
    /** Of the policy's name. */
    readonly policy: RegExp;
    /** Of the mutant's change. */
    readonly change: RegExp;
    readonly because: string;
}

/** `Resource` from one ARN to another, by the ends of the two. */
const resource = (statement: string, from: string, to: string) =>
    new RegExp(`^${statement}: Resource \\S*${from} → \\S*${to}$`);

/** Each has to stand for a mutant that survives, and for none that a case tells from the policy. */
export const equivalents: readonly Equivalent[] = [
    {
        policy: /^policy of .+-(rollouts|source|destination|snapshots|basketworld)(-\w+)?$/,
        change: /^Deny(InsecureTransport|OldTls): Resource \S+ → (\*|arn:aws:s3:::(\*|[\w-]+\*))$/,
        because: "S3 asks a bucket's policy about this bucket and its objects alone, and all of them are named",
    },
    {
        policy: /^policy of .+-(rollouts|source|destination|snapshots|basketworld)(-\w+)?$/,
        change: /^Deny(WrongEncryption|MissingEncryption|CustomerKeys): Resource \S+ → (\*|arn:aws:s3:::(\*|[\w-]+\*))$/,
        because: "S3 asks a bucket's policy about this bucket alone, and PutObject is asked of objects",
    },
    {
        policy: /^policy of .+-alerts(-\w+)?$/,
        change: /: Resource /,
        because: "SNS asks a topic's policy about this topic alone",
    },
    {
        policy: /^permission of /,
        change: /: Resource /,
        because: "Lambda asks the policy of an alias about this alias alone",
    },
    {
        policy: /./,
        change: /: StringEquals aws:SourceAccount → what begins alike$/,
        because: "every account's id has twelve digits, so none begins with another",
    },
    {
        policy: /./,
        change: /: StringEquals lambda:FunctionUrlAuthType → what begins alike$/,
        because: "the key has two values, AWS_IAM and NONE",
    },
    {
        policy: /^gate$/,
        change: /: StringEquals aws:RequestedRegion → what begins alike$/,
        because: "no region's name begins with `unspecified`, which Bedrock says for a global inference profile",
    },
    {
        policy: /./,
        change: /^(AllowCallingGateThroughUrl|statement 1): Action lambda:InvokeFunction → lambda:\*$/,
        because: "of all actions, InvokeFunction alone can say lambda:InvokedViaFunctionUrl",
    },
    {
        policy: /^gate$/,
        change: /^AllowModelBehindProfile\w+: Action bedrock:InvokeModel(WithResponseStream)? → bedrock:\*$/,
        because: "of all actions, those two alone can say bedrock:InferenceProfileArn",
    },
    {
        policy: /^narrowing of a session$/,
        change: /: (Action bedrock:Invoke\w+ → bedrock:\*|Resource \S+ → (\S+v1:0?\*|arn:aws:bedrock:\*::\S+))$/,
        because:
            "a session may nothing that its role may not: no other action, and no other version or region of a model",
    },
    {
        policy: /^(control|shut-off)$/,
        change: /: Action iam:(Attach|Detach)(User|Role)Policy → iam:\*$/,
        because: "of all that is done to a user or a role, attaching and detaching alone say iam:PolicyARN",
    },
    {
        policy: /^deployer$/,
        change: /^HandRolesOver: Action iam:PassRole → iam:\*$/,
        because: "of all actions, PassRole alone can say iam:PassedToService",
    },
    {
        policy: /^deployer$/,
        change: /^HandRolesOver: Resource \S+role\/\* → \S+:(\*|role\*)$/,
        because: "what is passed is a role",
    },
    {
        policy: /^deployer$/,
        change: /^Identities: Resource \S+(user|role|group|policy)\/\* → \S+:(\*|user\*|role\*|group\*|policy\*)$/,
        because: "each of these actions is asked of a user, a role, a group or a policy, and all of them are named",
    },
    {
        policy: /^deployer$/,
        change: resource("Functions", ":table/\\*", ":(\\*|table\\*)"),
        because: "each of these actions on DynamoDB is asked of a table or of a part of it",
    },
    {
        policy: /^deployer$/,
        change: /^Functions: Action scheduler:\w+ → scheduler:\*$/,
        because: "the four actions are all that is asked of a schedule",
    },
    {
        policy: /^verifier$/,
        change: resource("KnowOwnRights", ":(user|role)/\\*", ":(user|role)\\*"),
        because: "no kind of IAM's resources has a name that begins with that of users or roles",
    },
    {
        policy: /^verifier$/,
        change: resource("RestoreBudgets", ":budget/\\*", "::\\d+:(\\*|budget\\*)"),
        because: "both actions are asked of a budget or of its actions",
    },
    {
        policy: /^operator$/,
        change: /: Resource \S+\/action\/\* → [^*\s]+(\/|\/action)\*$/,
        because: "under a budget there are its actions, and nothing else",
    },
];
