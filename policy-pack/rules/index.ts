import { type Rule } from "../rule";
import * as buckets from "./buckets";
import * as cluster from "./cluster";
import * as data from "./data";
import * as ecs from "./ecs";
import * as policies from "./iam-policies";
import * as trust from "./iam-trust";
import * as images from "./images";
import * as keys from "./keys";
import * as lambda from "./lambda";
import * as pods from "./pods";
import * as secrets from "./secrets";
import * as tags from "./tags";
import * as vault from "./vault";

const subjects: readonly Readonly<Record<string, unknown>>[] = [
    ...[buckets, policies, trust, keys, data, lambda, ecs],
    ...[pods, cluster, images, secrets, vault, tags],
];

/** Every rule: what the files beside this one export, in this order. */
export const rules: readonly Rule[] = subjects.flatMap((subject) => Object.values(subject).filter(isRule));

function isRule(value: unknown): value is Rule {
    return typeof value === "object" && value !== null && "faults" in value;
}
