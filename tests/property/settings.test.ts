import assert from "node:assert/strict";

import * as fc from "fast-check";

import { environmentName, physicalName } from "../../components/naming";
import { bucketNameFault } from "../../components/secure-bucket/bucket-name";
import { llmModels } from "../../services/llm-models";
import { mlflow } from "../../services/mlflow";
import { rlStudio } from "../../services/rl-studio";
import { snapshotter } from "../../services/snapshotter";
import { clinicalAi } from "../../services/clinical-ai";
import { serviceNames } from "../../services";
import { environments, parseSettings, SettingsError } from "../../stacks/settings";

const image = `registry.example.com/scan@sha256:${"0".repeat(64)}`;
const sections = {
    "rl-studio": {},
    "clinical-ai": {},
    snapshotter: { image },
    mlflow: {},
    "llm-models": {
        models: ["meta.llama3-1-70b-instruct-v1:0"],
        monthlyLimitUsd: 50,
        alertPercent: 80,
        alertEmails: ["a@example.com"],
    },
};
const valid = fc.record({
    environment: fc.constantFrom(...environments),
    region: fc.constantFrom("us-east-1", "eu-west-3", "us-gov-west-1", "cn-north-1"),
    allowedAccountIds: fc.array(fc.stringMatching(/^\d{12}$/), { minLength: 1, maxLength: 3 }),
    services: fc.shuffledSubarray([...serviceNames], { minLength: 1 }),
});
const withSections = (settings: { services: readonly (keyof typeof sections)[] }) => ({
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
