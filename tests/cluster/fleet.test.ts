// What infra fleet manifests prints, judged by the definitions of Pulumi's Kubernetes operator (2.9). They are not part of
// this repository: PLATFORM_OPERATOR_CRDS names a folder with them.

import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";

import { CustomObjectsApi, KubeConfig, type KubernetesObject, type KubernetesObjectApi } from "@kubernetes/client-node";

import { apply, createDefinitions, objectsOf } from "../../local/cluster/objects";
import { root } from "../../local/paths";
import { say } from "../../ops/common/output";
import { manifestsOf } from "../../ops/fleet";
import { type StackManifest } from "../../ops/fleet/manifest";
import { sharedCloud } from "../support/cluster/suite";
import { FleetCheckout } from "../support/fleet/checkout";
import { fleet } from "../support/fleet/fleet";
import { until } from "../support/test-cloud";

const folder = process.env.PLATFORM_OPERATOR_CRDS ?? resolve(root, "../shared/data/pulumi-kubernetes-operator");
const namespace = "operator-trial";

describe("the resources of a fleet", function () {
    this.timeout(180_000);
    let checkout: FleetCheckout | undefined;
    let admin: KubernetesObjectApi;
    let api: CustomObjectsApi;
    let manifests: readonly StackManifest[];

    before(async function () {
        if (!existsSync(folder)) {
            say(
                `    No definitions of the operator in ${folder}: PLATFORM_OPERATOR_CRDS names the folder that has them.`,
            );
            this.skip();
        }
        admin = objectsOf(sharedCloud().places.folder, "admin");
        for (const file of readdirSync(folder)) await createDefinitions(admin, join(folder, file));
        await apply(admin, { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
        const config = new KubeConfig();
        config.loadFromFile(sharedCloud().kubeconfig("admin"));
        api = config.makeApiClient(CustomObjectsApi);
        checkout = new FleetCheckout(fleet);
        const options = {
            repository: "https://git.platform.test/platform.git",
            backend: "s3://platform-state-{environment}?region=us-east-1",
            image: "pulumi/pulumi:3.255.0-nonroot",
            repositorySecret: "repository",
        };
        manifests = await manifestsOf([], options, checkout.folder);
        await until("the API to serve stacks", () =>
            judge({}).then(
                () => true,
                (error: { code?: number }) => error.code !== 404,
            ),
        );
    });
    after(async () => {
        checkout?.remove();
        if (!admin) return;
        const definitions = await admin.list("apiextensions.k8s.io/v1", "CustomResourceDefinition");
        for (const { metadata } of definitions.items.filter((one) => /pulumi\.com$/.test(one.metadata!.name!))) {
            const head = { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition" };
            await admin.delete({ ...head, metadata } as KubernetesObject);
        }
        await admin.delete({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
    });

    /** Has the API decide, as for `kubectl apply --dry-run=server --validate=strict`. */
    const judge = (body: object) =>
        api.createNamespacedCustomObject({
            ...{ group: "pulumi.com", version: "v1", namespace, plural: "stacks", body },
            ...{ dryRun: "All", fieldValidation: "Strict" },
        }) as Promise<object>;

    it("are taken by the operator's definitions, every field of every stack", async () => {
        assert.equal(manifests.length, Object.keys(fleet).length);
        for (const manifest of manifests) {
            const { spec } = (await judge(manifest)) as StackManifest;
            assert.deepEqual(spec, manifest.spec, `${manifest.metadata.name}: something was dropped or filled in`);
        }
    });

    const wrong: readonly [what: string, change: object, reason: RegExp][] = [
        ["a field that does not exist", { image: "pulumi/pulumi:3" }, /unknown field \W+spec\.image\W/],
        [
            "a policy that is none",
            { workspaceReclaimPolicy: "Sometimes" },
            /spec\.workspaceReclaimPolicy.*Unsupported value/,
        ],
        ["a stack without a name", { stack: undefined }, /spec\.stack.*Required value/],
        [
            "a container without a name",
            { workspaceTemplate: { spec: { podTemplate: { spec: { containers: [{ image: "other" }] } } } } },
            /containers\[0\]\.name.*Required value/,
        ],
    ];
    for (const [what, change, reason] of wrong) {
        it(`would be refused with ${what}`, async () => {
            const [manifest] = manifests;
            await assert.rejects(judge({ ...manifest, spec: { ...manifest.spec, ...change } }), reason);
        });
    }
});
