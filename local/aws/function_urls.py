"""What MiniStack's function URLs lack of AWS's: the caller in the event, and answers that a handler streams.

Lambda tells a function behind a URL with IAM who called, in `requestContext.authorizer.iam`; here the same is added from the
credentials that MiniStack has verified. Node's runtime in Lambda has a global `awslambda`; here one is added that collects
what is streamed: it arrives whole, at its end.
"""

import base64

from ministack.core import iam_evaluator, lambda_runtime
from ministack.core.router import extract_access_key_id
from ministack.services import lambda_svc

STREAMED = "streamedAnswer"

RUNTIME = """
globalThis.awslambda = {
  streamifyResponse: (handler) => async (event, context) => {
    const pieces = [];
    const stream = new (require("stream").Writable)({
      write(piece, encoding, done) { pieces.push(Buffer.from(piece, encoding)); done(); },
    });
    const ended = new Promise((resolve) => stream.once("close", resolve));
    await handler(event, stream, context);
    await ended;
    return { %s: Buffer.concat(pieces).toString("base64") };
  },
  HttpResponseStream: {
    from(stream, head) {
      stream.write(JSON.stringify(head));
      stream.write(Buffer.alloc(8));
      return stream;
    },
  },
};
""" % STREAMED


def start():
    """Has to run before MiniStack does."""
    lambda_runtime._NODEJS_WORKER_SCRIPT = RUNTIME + lambda_runtime._NODEJS_WORKER_SCRIPT
    lambda_svc._build_function_url_event = _event
    lambda_svc._function_url_stream_response = _stream_response


def _event(url_id, account_id, region, method, path, headers, body, query_params, build=lambda_svc._build_function_url_event, **more):
    event = build(url_id, account_id, region, method, path, headers, body, query_params, **more)
    key_id = extract_access_key_id(headers, query_params)
    caller = key_id and iam_evaluator.resolve_credential(key_id, account_id)
    if isinstance(caller, iam_evaluator.ResolvedCredential):
        event["requestContext"]["authorizer"] = {
            "iam": {
                "accessKey": key_id,
                "accountId": caller.account_id,
                "callerId": caller.principal_id,
                "userArn": caller.principal_arn,
                "userId": caller.principal_id,
            }
        }
    return event


def _stream_response(result, cors_headers, answer=lambda_svc._function_url_stream_response):
    body = result.get("body")
    if isinstance(body, dict) and STREAMED in body:
        result = {**result, "body": base64.b64decode(body[STREAMED])}
    return answer(result, cors_headers)
