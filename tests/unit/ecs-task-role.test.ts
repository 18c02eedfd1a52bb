import { strict as assert } from "node:assert";
import { executionPolicy, taskPolicy, trustPolicy } from "../../components/ecs-task-role/policy";
import {
    containerDefinition,
    cpuFault,
    ecrRepository,
    familyFault,
    imageFault,
    memoryFault,
    retentionFault,
} from "../../components/ecs-task-role/task";

const scope = { partition: "aws", accountId: "123456789012", region: "eu-west-1" };
const digest = `sha256:${"0a".repeat(32)}`;

describe("trustPolicy", () => {
    it("another account's or another region's task cannot have the role assumed, nor can a person (C3)", () => {
        assert.deepEqual(trustPolicy(scope), {
            Version: "2012-10-17",
            Statement: [
                {
                    Sid: "AllowEcsTasks",
                    Effect: "Allow",
                    Principal: { Service: "ecs-tasks.amazonaws.com" },
                    Action: "sts:AssumeRole",
                    Condition: {
                        StringEquals: { "aws:SourceAccount": "123456789012" },
                        ArnLike: { "aws:SourceArn": "arn:aws:ecs:eu-west-1:123456789012:*" },
                    },
                },
            ],
        });
    });
});

describe("taskPolicy", () => {
    it("the task reaches its prefix and nothing else (C4)", () => {
        assert.deepEqual(taskPolicy("arn:aws:s3:::fruitful-lab-snapshots-prod", "repo-scans/snapshotter/"), {
            Version: "2012-10-17",
            Statement: [
                {
                    Sid: "AllowList",
                    Effect: "Allow",
                    Action: ["s3:ListBucket"],
                    Resource: ["arn:aws:s3:::fruitful-lab-snapshots-prod"],
                    Condition: { StringLike: { "s3:prefix": ["repo-scans/snapshotter/*"] } },
                },
                {
                    Sid: "AllowObjectAccess",
                    Effect: "Allow",
                    Action: [
                        "s3:GetObject",
                        "s3:PutObject",
                        "s3:PutObjectTagging",
                        "s3:AbortMultipartUpload",
                        "s3:ListMultipartUploadParts",
                    ],
                    Resource: ["arn:aws:s3:::fruitful-lab-snapshots-prod/repo-scans/snapshotter/*"],
                },
            ],
        });
    });
});

describe("executionPolicy", () => {
    const logs = {
        Sid: "AllowLogs",
        Effect: "Allow",
        Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
        Resource: ["arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/snapshotter:log-stream:*"],
    };

    it("an image of a public registry needs the log only (C7)", () => {
        for (const image of [`public.ecr.aws/team/scan@${digest}`, `scan@${digest}`, `ghcr.io/team/scan@${digest}`]) {
            assert.deepEqual(executionPolicy(scope, "/ecs/snapshotter", image).Statement, [logs]);
        }
    });

    it("an image of a private ECR repository can be pulled from that repository only, in its own account and region", () => {
        const image = `210987654321.dkr.ecr.us-east-1.amazonaws.com/team/scan@${digest}`;
        assert.deepEqual(executionPolicy(scope, "/ecs/snapshotter", image), {
            Version: "2012-10-17",
            Statement: [
                logs,
                { Sid: "AllowRegistryLogin", Effect: "Allow", Action: ["ecr:GetAuthorizationToken"], Resource: ["*"] },
                {
                    Sid: "AllowPull",
                    Effect: "Allow",
                    Action: ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
                    Resource: ["arn:aws:ecr:us-east-1:210987654321:repository/team/scan"],
                },
            ],
        });
    });
});

describe("ecrRepository", () => {
    const repository = { accountId: "123456789012", region: "eu-west-1", repositoryName: "team/scan" };
    for (const host of [
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
        "123456789012.dkr.ecr-fips.eu-west-1.amazonaws.com",
        "123456789012.dkr-ecr.eu-west-1.on.aws",
    ]) {
        it(`${host} is a private registry`, () => {
            assert.deepEqual(ecrRepository(`${host}/team/scan@${digest}`), repository);
            assert.deepEqual(ecrRepository(`${host}/team/scan:1.2@${digest}`), repository);
        });
    }

    it("a registry in China is one too", () => {
        assert.deepEqual(ecrRepository(`123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/scan@${digest}`), {
            accountId: "123456789012",
            region: "cn-north-1",
            repositoryName: "scan",
        });
    });

    it("a host that only looks like one is none", () => {
        for (const host of [
            "public.ecr.aws",
            "x.123456789012.dkr.ecr.eu-west-1.amazonaws.com",
            "123.dkr.ecr.a.amazonaws.com",
        ]) {
            assert.equal(ecrRepository(`${host}/team/scan@${digest}`), undefined, host);
        }
        assert.equal(ecrRepository(`123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.org/scan@${digest}`), undefined);
    });
});

describe("containerDefinition", () => {
    const container = {
        family: "snapshotter",
        image: `scan@${digest}`,
        environment: {},
        logGroupName: "/ecs/snapshotter",
        region: "eu-west-1",
    };
    const bare = {
        name: "snapshotter",
        image: `scan@${digest}`,
        essential: true,
        readonlyRootFilesystem: true,
        environment: [],
        logConfiguration: {
            logDriver: "awslogs",
            options: {
                "awslogs-group": "/ecs/snapshotter",
                "awslogs-region": "eu-west-1",
                "awslogs-stream-prefix": "snapshotter",
            },
        },
    };

    it("the root file system cannot be written to, and the image keeps its own command", () => {
        assert.deepEqual(containerDefinition(container), bare);
    });

    it("variables are in the order of their names, whatever their order in the program", () => {
        const environment = { S3_PREFIX: "a/", AWS_REGION: "eu-west-1" };
        assert.deepEqual(containerDefinition({ ...container, environment }), {
            ...bare,
            environment: [
                { name: "AWS_REGION", value: "eu-west-1" },
                { name: "S3_PREFIX", value: "a/" },
            ],
        });
    });
});

describe("what Fargate, ECS and CloudWatch Logs offer", () => {
    const offered: [cpu: number, memory: number[]][] = [
        [256, [512, 1024, 2048]],
        [512, [1024, 2048, 3072, 4096]],
        [1024, [2048, 3072, 8192]],
        [2048, [4096, 5120, 16384]],
        [4096, [8192, 9216, 30720]],
        [8192, [16384, 20480, 61440]],
        [16384, [32768, 40960, 122880]],
    ];
    for (const [cpu, memories] of offered) {
        it(`${cpu} CPU units go with ${memories.join(", ")} MiB`, () => {
            assert.equal(cpuFault(cpu), undefined);
            for (const memory of memories) assert.equal(memoryFault(cpu, memory), undefined, String(memory));
        });
    }

    it("other sizes are refused", () => {
        assert.equal(cpuFault(300), "one of 256, 512, 1024, 2048, 4096, 8192, 16384 CPU units");
        for (const memory of [256, 1536, 3072, 512.5, NaN]) {
            assert.equal(memoryFault(256, memory), "512, 1024 or 2048 MiB next to 256 CPU units", String(memory));
        }
        for (const memory of [1024, 9216, 2500]) {
            assert.equal(memoryFault(1024, memory), "2048 to 8192 MiB in steps of 1024 next to 1024 CPU units");
        }
        assert.equal(memoryFault(8192, 17408), "16384 to 61440 MiB in steps of 4096 next to 8192 CPU units");
    });

    it("a retention that CloudWatch Logs does not offer is refused, keeping for ever too", () => {
        assert.equal(retentionFault(30), undefined);
        assert.match(retentionFault(31)!, /^one of 1, 3, 5, 7, 14, 30, .*, 3653 days$/);
        assert.notEqual(retentionFault(0), undefined);
    });

    it("a family is letters, digits, hyphens and underscores", () => {
        assert.equal(familyFault("snapshotter_1-dev"), undefined);
        for (const family of ["", "a b", "a.b", "x".repeat(256)]) {
            assert.equal(familyFault(family), "1 to 255 letters, digits, hyphens and underscores");
        }
    });

    it("an image without a digest is refused", () => {
        assert.equal(imageFault(`scan@${digest}`), undefined);
        assert.equal(imageFault(`scan:1.2@${digest}`), undefined);
        for (const image of [
            "scan",
            "scan:latest",
            "scan@sha256:12",
            `@${digest}`,
            `scan@${digest}0`,
            `a b@${digest}`,
        ]) {
            assert.match(imageFault(image)!, /^an image named by its digest/, image);
        }
    });
});
