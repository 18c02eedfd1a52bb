import assert from "node:assert/strict";

import * as fc from "fast-check";

import { environmentName, physicalName } from "../../components/naming";
import { bucketNameFault } from "../../components/secure-bucket/bucket-name";
import { serviceNames } from "../../services";
import { clinicalAi } from "../../services/clinical-ai";
import { llmModels } from "../../services/llm-models";
import { mlflow } from "../../services/mlflow";
import { rlStudio } from "../../services/rl-studio";
import { snapshotter } from "../../services/snapshotter";
import { environments, parseSettings, SettingsError } from "../../stacks/settings";
import { stackConfig } from "../support/stack-files";

/** What the stack file of dev says of each service. */
const sections = Object.fromEntries(serviceNames.map((name) => [name, stackConfig("dev")[`platform:${name}`] ?? {}]));
const valid = fc.record({
    environment: fc.constantFrom(...environments),
    region: fc.constantFrom("us-east-1", "eu-west-3", "us-gov-west-1", "cn-north-1"),
    allowedAccountIds: fc.array(fc.stringMatching(/^\d{12}$/), { minLength: 1, maxLength: 3 }),
    services: fc.shuffledSubarray([...serviceNames], { minLength: 1 }),
});
const withSections = (settings: { services: readonly string[] }) => ({
    ...settings,
    ...Object.fromEntries(settings.services.map((name) => [name, sections[name]])),
});

describe("settings of any kind", () => {
    it("are accepted where they keep the rules, with a section for exactly the chosen services", () => {
        fc.assert(
            fc.property(valid, (settings) => {
                const parsed = parseSettings(withSections(settings));
                const present = serviceNames.filter((name) => parsed[name] !== undefined);
                assert.deepEqual(
                    present,
                    serviceNames.filter((name) => settings.services.includes(name)),
                );
            }),
        );
    });

    it("are refused with a SettingsError that counts its faults, and with no other error, whatever they are", () => {
        fc.assert(
            fc.property(
                fc.dictionary(fc.constantFrom(...Object.keys(sections), "services", "x"), fc.anything()),
                (junk) => {
                    assert.throws(
                        () => parseSettings(junk),
                        (error: Error) =>
                            error instanceof SettingsError &&
                            Number(/^\d+/.exec(error.message)![0]) === error.message.split("\n  - ").length - 1,
                    );
                },
            ),
        );
    });

    it("are refused for one unknown key, wherever it stands, and name it", () => {
        fc.assert(
            fc.property(valid, fc.stringMatching(/^unknown[A-Za-z]{0,8}$/), fc.nat(), (settings, key, place) => {
                const values: Record<string, unknown> = withSections(settings);
                const places = ["", ...settings.services];
                const where = places[place % places.length];
                if (where === "") values[key] = 1;
                else values[where] = { ...(values[where] as object), [key]: 1 };
                const path = where === "" ? key : `${where}.${key}`;
                assert.throws(() => parseSettings(values), new RegExp(`^  - ${path}: unknown key`, "m"));
            }),
        );
    });
});

describe("settings of clinical-ai with keys that Vault makes", () => {
    const faultsOf = (identity: object): string => {
        const [environment, region, allowedAccountIds] = ["dev", "us-east-1", ["123456789012"]];
        const values = { environment, region, allowedAccountIds, services: ["clinical-ai"] };
        try {
            parseSettings({ ...values, "clinical-ai": { identity: { mode: "vaultDynamic", ...identity } } });
            return "";
        } catch (error) {
            assert.ok(error instanceof SettingsError);
            return error.message;
        }
    };
    const vaultPrincipalArn = "arn:aws:iam::123456789012:user/vault";

    it("are accepted exactly where keys outlive three refreshes and a session of AWS can be as long", () => {
        const seconds = fc.integer({ min: -10, max: 4000 });
        fc.assert(
            fc.property(seconds, fc.integer({ min: -10, max: 1400 }), (ttlSeconds, refreshSeconds) => {
                const good =
                    ttlSeconds >= 900 && ttlSeconds <= 3600 && refreshSeconds > 0 && ttlSeconds >= 3 * refreshSeconds;
                assert.equal(faultsOf({ vaultPrincipalArn, ttlSeconds, refreshSeconds }) === "", good);
            }),
        );
    });

    it("name one user or role as Vault's principal: no account, no pattern, nothing that a policy would expand", () => {
        const part = fc.constantFrom(
            "arn:aws:iam::",
            "123456789012:",
            "user/",
            "role/",
            "root",
            "vault",
            "*",
            "?",
            "${",
        );
        const other = fc.constantFrom("arn:aws-cn:iam::", "arn:aws:sts::", ":", "", "assumed-role/", "}", "\n", " ");
        const parts = fc.array(fc.oneof(part, other), { maxLength: 6 });
        const near = fc
            .tuple(fc.constantFrom("user/", "role/", "root", "*"), parts)
            .map(([kind, rest]) => ["arn:aws:iam::", "123456789012:", kind, ...rest]);
        fc.assert(
            fc.property(fc.oneof(parts, near), (given) => {
                const arn = given.join("");
                const accepted = !/vaultPrincipalArn/.test(
                    faultsOf({ vaultPrincipalArn: arn, ttlSeconds: 900, refreshSeconds: 300 }),
                );
                if (!accepted) return;
                assert.match(arn, /^arn:aws(-cn)?:iam::123456789012:(user|role)\/./);
                assert.doesNotMatch(arn, /[*?$\s]/);
            }),
        );
        assert.equal(faultsOf({ vaultPrincipalArn, ttlSeconds: 900, refreshSeconds: 300 }), "");
    });
});

describe("physical names", () => {
    const buckets = [rlStudio.bucket, mlflow.bucket, clinicalAi.sourceBucket, clinicalAi.destinationBucket];
    const users = [rlStudio.user, mlflow.user, clinicalAi.user, snapshotter.agentUser, llmModels.user];

    it("are what S3 and IAM accept, in every environment", () => {
        for (const environment of environments) {
            for (const name of buckets) assert.equal(bucketNameFault(physicalName(name, environment)), undefined);
            assert.equal(bucketNameFault(environmentName(snapshotter.bucketStem, environment)), undefined);
            for (const name of users) assert.ok(physicalName(name, environment).length <= 64, name);
        }
    });

    it("of two environments never meet, and production's are plain", () => {
        const name = fc.stringMatching(/^[a-z][a-z0-9]{2,20}$/);
        fc.assert(
            fc.property(name, (plain) => {
                const all = environments.map((environment) => physicalName(plain, environment));
                assert.equal(new Set(all).size, environments.length);
                assert.equal(physicalName(plain, "prod"), plain);
            }),
        );
    });
});
