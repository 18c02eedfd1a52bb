import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { moduleSource } from "../../go-build";

const upstream = "github.com/hashicorp/terraform-provider-aws";

/**
 * The AWS services that are compiled in: each of HashiCorp's packages, and the package of AWS's SDK that it calls. All
 * of upstream's 250 would take an hour of processor time.
 */
const services: Readonly<Record<string, string>> = {
    budgets: "budgets",
    cloudwatch: "cloudwatch",
    dynamodb: "dynamodb",
    ecs: "ecs",
    eks: "eks",
    iam: "iam",
    // The key with which AWS encrypts a table.
    kms: "kms",
    lambda: "lambda",
    logs: "cloudwatchlogs",
    s3: "s3",
    // The buckets' tags.
    s3control: "s3control",
    scheduler: "scheduler",
    sns: "sns",
    sts: "sts",
};

/** The functions of the provider that ask no service; the rest of them need EC2's SDK, the largest of all. */
const functions = ["partition"];

/**
 * Narrows HashiCorp's provider to those services, when it is compiled: three generated files list every service, and get
 * in their place, by Go's own overlay, what is left of them; and so does a file that asks one more service. Returns the
 * flags for the compiler.
 *
 * @param module the copied module, whose go.mod replaces upstream by `./upstream`
 */
export async function narrowToServices(module: string): Promise<string[]> {
    // Not the folder itself: Go takes no overlay within its module cache.
    const source = join(module, "upstream");
    await symlink(await moduleSource(module, upstream), source);
    const replaced: Record<string, string> = {};
    const rewrite = async (file: string, narrow: (text: string) => string) => {
        const path = join(module, "overlay", file);
        await mkdir(join(path, ".."), { recursive: true });
        await writeFile(path, narrow(await readFile(join(source, file), "utf8")));
        replaced[join(source, file)] = path;
    };
    await rewrite("internal/conns/awsclient_gen.go", onlyClients);
    await rewrite("internal/provider/sdkv2/service_packages_gen.go", onlyPackages);
    await rewrite("internal/service/meta/service_package_gen.go", onlyFunctions);
    await rewrite("internal/service/lambda/function.go", withoutNetworks);
    const meta = join(source, "internal/service/meta");
    for (const file of await readdir(meta)) {
        const name = /^(\w+)_data_source\.go$/.exec(file)?.[1];
        // The overlay's way to say that a file is not there.
        if (name && !functions.includes(name)) replaced[join(meta, file)] = "";
    }
    const overlay = join(module, "overlay.json");
    await writeFile(overlay, JSON.stringify({ Replace: replaced }));
    return [`-overlay=${overlay}`];
}

function onlyClients(source: string): string {
    const sdks = Object.values(services);
    return source
        .replace(/^\t"github\.com\/aws\/aws-sdk-go-v2\/service\/(\w+)"\n/gm, keep(sdks))
        .replace(/^func \(c \*AWSClient\) \w+\(ctx context\.Context\) \*(\w+)\.Client \{\n[^}]*\}\n/gm, keep(sdks));
}

function onlyPackages(source: string): string {
    const packages = [...Object.keys(services), "meta"];
    return source
        .replace(/^\t"[\w./-]+\/internal\/service\/(\w+)"\n/gm, keep(packages))
        .replace(/^\t\t(\w+)\.ServicePackage\(ctx\),\n/gm, keep(packages));
}

function onlyFunctions(source: string): string {
    return source.replace(
        /^\t\t\{\n\t\t\tFactory:.*\n\t\t\tTypeName: "aws_(\w+)",\n(?:\t\t\t.*\n)*?\t\t\},\n/gm,
        keep(functions),
    );
}

/**
 * A function may be taken out of its security groups before it is deleted. Where the program does not say into which
 * others, upstream looks up the network's default one: for this alone it needs EC2's SDK.
 */
function withoutNetworks(source: string): string {
    const refusal = "replacement_security_group_ids must name what takes the place of the security groups in %s";
    return source
        .replace(/^\ttfec2 ".*\n/m, "")
        .replace(/^\tec2Conn := .*\n/m, "")
        .replace(
            /^\t\tdefaultSG, err := (?:.*\n)*?\t\treplacementSGIDs = .*\n/m,
            `\t\treturn fmt.Errorf("${refusal}", vpcID)\n`,
        );
}

const keep = (names: readonly string[]) => (whole: string, name: string) => (names.includes(name) ? whole : "");
