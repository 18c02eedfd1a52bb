"""One request by boto3 as a service makes it: where the gate is and what opens it stand in its environment.

Prints what came back as JSON. EXTRA_LINE is run once the client is made: the line that the documentation names.
"""

import json
import os
import sys

import boto3
from botocore.exceptions import ClientError

MODEL = os.environ["MODEL"]
TOOLS = {
    "tools": [
        {
            "toolSpec": {
                "name": "weather",
                "description": "The weather of a city",
                "inputSchema": {
                    "json": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
                },
            }
        }
    ]
}

client = boto3.client("bedrock-runtime")
exec(os.environ.get("EXTRA_LINE", ""))


def saying(text, **more):
    messages = [{"role": "user", "content": [{"text": text}]}]
    return {"modelId": MODEL, "messages": messages, "inferenceConfig": {"maxTokens": 100}, **more}


def body(text):
    return json.dumps({key: saying(text)[key] for key in ("messages", "inferenceConfig")})


def converse():
    answer = client.converse(**saying("Hello [[out=12]]"))
    return {
        "text": answer["output"]["message"]["content"][0]["text"],
        "outputTokens": answer["usage"]["outputTokens"],
        "stopReason": answer["stopReason"],
    }


def stream():
    text, usage = "", {}
    for event in client.converse_stream(**saying("Hello [[out=12]]"))["stream"]:
        text += event.get("contentBlockDelta", {}).get("delta", {}).get("text", "")
        usage = event.get("metadata", {}).get("usage", usage)
    return {"text": text, "outputTokens": usage["outputTokens"]}


def tools():
    ask = saying("Please use a tool", toolConfig=TOOLS)
    answer = client.converse(**ask)
    message = answer["output"]["message"]
    use = message["content"][0]["toolUse"]
    result = {"toolUseId": use["toolUseId"], "content": [{"json": {"degrees": 21}}]}
    ask["messages"] += [message, {"role": "user", "content": [{"toolResult": result}]}]
    return {"name": use["name"], "input": use["input"], "then": client.converse(**ask)["stopReason"]}


def tool_stream():
    pieces = ""
    for event in client.converse_stream(**saying("Please use a tool", toolConfig=TOOLS))["stream"]:
        pieces += event.get("contentBlockDelta", {}).get("delta", {}).get("toolUse", {}).get("input", "")
    return json.loads(pieces)


def invoke():
    return json.loads(client.invoke_model(modelId=MODEL, body=body("Hello [[out=12]]"))["body"].read())["usage"]


def invoke_stream():
    answer = client.invoke_model_with_response_stream(modelId=MODEL, body=body("Hello [[out=12]]"))
    chunks = [json.loads(event["chunk"]["bytes"]) for event in answer["body"]]
    return chunks[-1]["amazon-bedrock-invocationMetrics"]


def run(name):
    try:
        return globals()[name]()
    except ClientError as error:
        return {
            "error": error.response["Error"]["Code"],
            "message": error.response["Error"]["Message"],
            "status": error.response["ResponseMetadata"]["HTTPStatusCode"],
            "type": type(error).__name__,
        }


json.dump([run(name) for name in sys.argv[1:]], sys.stdout)
