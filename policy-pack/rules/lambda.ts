import { faultIf, resourceRule } from "../rule";

export const functionCallersSign = resourceRule({
    id: "function-callers-sign",
    says: "Every URL of a function asks for a signature of AWS, and no function lets everybody in.",
    meets: ["FSBP Lambda.1"],
    types: ["aws:lambda/functionUrl:FunctionUrl", "aws:lambda/permission:Permission"],
    faults: ({ type, props }) =>
        type === "aws:lambda/functionUrl:FunctionUrl"
            ? faultIf(props.authorizationType !== "AWS_IAM", `asks for ${props.authorizationType}; expected AWS_IAM`)
            : faultIf(props.principal === "*", "lets everybody in; expected a principal"),
});

/** Runtimes that AWS supports beyond 2026. @see https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html */
const supported = [
    ...["nodejs22.x", "nodejs24.x"],
    ...["python3.11", "python3.12", "python3.13", "python3.14"],
    ...["provided.al2023", "java21", "java25", "dotnet10", "ruby3.4"],
];

export const functionRuntimeIsSupported = resourceRule({
    id: "function-runtime-is-supported",
    says: "Every function runs on a runtime that AWS supports.",
    meets: ["FSBP Lambda.2"],
    types: ["aws:lambda/function:Function"],
    faults: ({ props }) =>
        faultIf(
            !supported.includes(props.runtime),
            `runtime is ${props.runtime}; expected one of ${supported.join(", ")}`,
        ),
});
