import { faultIf, resourceRule, stackRule } from "../rule";

const tableType = "aws:dynamodb/table:Table";

export const tableCanBeRestored = resourceRule({
    id: "table-can-be-restored",
    says: "Every table can be restored to any second of the last 35 days.",
    meets: ["FSBP DynamoDB.2"],
    types: [tableType],
    faults: ({ props }) => faultIf(props.pointInTimeRecovery?.enabled !== true, "has no point-in-time recovery"),
});

export const tableScales = resourceRule({
    id: "table-scales",
    says: "The capacity of every table follows its use.",
    meets: ["FSBP DynamoDB.1"],
    types: [tableType],
    faults: ({ props }) =>
        faultIf(
            props.billingMode !== "PAY_PER_REQUEST",
            `billingMode is ${props.billingMode}; expected PAY_PER_REQUEST`,
        ),
});

export const tableOfProductionIsProtected = resourceRule({
    id: "table-of-production-is-protected",
    says: "Neither the engine nor DynamoDB deletes a table of production.",
    meets: [],
    types: [tableType],
    faults: ({ props, protect }) =>
        props.tags?.["platform:environment"] === "prod"
            ? [
                  ...faultIf(!protect, "is not protected; expected `protect`"),
                  ...faultIf(props.deletionProtectionEnabled !== true, "deletionProtectionEnabled is not true"),
              ]
            : [],
});

const logGroupType = "aws:cloudwatch/logGroup:LogGroup";

export const logsExpire = resourceRule({
    id: "logs-expire",
    says: "Every log group says for how many days it keeps its logs.",
    meets: [],
    types: [logGroupType],
    faults: ({ props }) => faultIf(!(props.retentionInDays > 0), "has no retentionInDays: it would keep logs for ever"),
});

export const functionHasLogGroup = stackRule({
    id: "function-has-log-group",
    says: "Every function has a log group of the program's: one that Lambda makes keeps logs for ever.",
    meets: [],
    types: ["aws:lambda/function:Function"],
    faults: ({ props }, stack) => {
        const name = props.loggingConfig?.logGroup ?? `/aws/lambda/${props.name}`;
        const declared = stack.some((other) => other.type === logGroupType && other.props.name === name);
        return faultIf(!declared, `has no log group ${name}`);
    },
});
