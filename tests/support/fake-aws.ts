import { createServer, type Server } from "node:http";
import { type AddressInfo } from "node:net";

import { type CommandContext } from "../../ops/cli/command";
import { repositoryHost } from "../../ops/stack/repository-host";

/** A call of AWS: what was asked, and with which key. */
export interface Call {
    /** Of STS the action; of S3 the method and the path. */
    readonly action: string;
    readonly accessKeyId?: string;
    readonly sessionToken?: string;
}

/** An AWS that knows users by their keys, allows what they ask, and keeps what it was asked. */
export class FakeAws {
    readonly calls: Call[] = [];
    /** Names by access key id; whose key is not here is refused. */
    readonly users: Record<string, string> = {};
    private constructor(private readonly server: Server) {}

    static async start(): Promise<FakeAws> {
        const server = createServer();
        const aws = new FakeAws(server);
        server.on("request", (request, response) => {
            let body = "";
            request.on("data", (part) => (body += part));
            request.on("end", () => {
                const action = new URLSearchParams(body).get("Action") ?? `${request.method} ${request.url}`;
                const accessKeyId = /Credential=(\w+)\//.exec(request.headers.authorization ?? "")?.[1];
                const sessionToken = request.headers["x-amz-security-token"]?.toString();
                aws.calls.push({ action, accessKeyId, ...(sessionToken === undefined ? {} : { sessionToken }) });
                const user = aws.users[accessKeyId ?? ""];
                response.writeHead(user === undefined ? 403 : 200, { "content-type": "text/xml" });
                response.end(user === undefined ? refusal : answerTo(action, user));
            });
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        return aws;
    }

    get endpoint(): string {
        return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    }

    reset(): void {
        this.calls.length = 0;
        for (const id of Object.keys(this.users)) delete this.users[id];
    }

    stop(): void {
        this.server.closeAllConnections();
        this.server.close();
    }

    /** Runs a command on stack `dev`, which exports `outputs`; its words are thrown away. */
    async run(command: (context: CommandContext) => Promise<number>, outputs: object = {}): Promise<number> {
        const { stdout, stderr } = process;
        const written = [stdout, stderr].map((stream) => [stream, stream.write] as const);
        for (const stream of [stdout, stderr]) stream.write = () => true;
        try {
            return await command({
                stack: "dev",
                json: true,
                dryRun: true,
                yes: false,
                interrupted: new AbortController().signal,
                host: {
                    ...repositoryHost,
                    aws: { endpoint: this.endpoint },
                    pulumi: () => Promise.resolve({ exitCode: 0, stdout: JSON.stringify(outputs), stderr: "" }),
                },
            });
        } finally {
            for (const [stream, write] of written) stream.write = write;
        }
    }
}

const refusal = "<ErrorResponse><Error><Code>InvalidClientTokenId</Code></Error></ErrorResponse>";

function answerTo(action: string, user: string): string {
    if (action !== "GetCallerIdentity") return "<ListBucketResult><KeyCount>0</KeyCount></ListBucketResult>";
    return (
        '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>' +
        `<Arn>arn:aws:iam::111111111111:user/${user}</Arn><UserId>AIDA</UserId><Account>111111111111</Account>` +
        "</GetCallerIdentityResult></GetCallerIdentityResponse>"
    );
}
