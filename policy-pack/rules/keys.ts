import { faultIf, resourceRule } from "../rule";

const types = ["aws:kms/key:Key"];

export const keyRotates = resourceRule({
    id: "key-rotates",
    says: "Every key of KMS gets new material each year.",
    meets: ["CIS 3.6"],
    types,
    faults: ({ props }) => faultIf(props.enableKeyRotation !== true, "enableKeyRotation is not true"),
});

export const keyIsKept = resourceRule({
    id: "key-is-kept",
    says: "The engine refuses to delete a key of KMS, and AWS waits 30 days: nobody decrypts anything without it.",
    meets: [],
    types,
    faults: ({ props, protect }) => [
        ...faultIf(!protect, "is not protected; expected `protect`"),
        // AWS's default.
        ...faultIf((props.deletionWindowInDays ?? 30) < 30, `deletionWindowInDays is ${props.deletionWindowInDays}`),
    ],
});
