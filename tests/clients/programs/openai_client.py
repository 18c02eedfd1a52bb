"""Requests by OpenAI's client as a service makes it: where the gate is and what opens it stand in its environment.

Prints what came back as JSON.
"""

import json
import os
import sys

import openai

MODEL = os.environ["MODEL"]
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
    }
]

client = openai.OpenAI()


def saying(text, **more):
    messages = [{"role": "user", "content": text}]
    return {"model": MODEL, "messages": messages, "max_completion_tokens": 100, **more}


def complete():
    answer = client.chat.completions.create(**saying("Hello [[out=12]]"))
    return {"text": answer.choices[0].message.content, "outputTokens": answer.usage.completion_tokens}


def stream():
    text, usage = "", None
    options = {"stream": True, "stream_options": {"include_usage": True}}
    for chunk in client.chat.completions.create(**saying("Hello [[out=12]]", **options)):
        text += (chunk.choices[0].delta.content or "") if chunk.choices else ""
        usage = chunk.usage or usage
    return {"text": text, "outputTokens": usage.completion_tokens}


def tools():
    ask = saying("Please use a tool", tools=TOOLS)
    message = client.chat.completions.create(**ask).choices[0].message
    call = message.tool_calls[0]
    ask["messages"] += [message, {"role": "tool", "tool_call_id": call.id, "content": "21 degrees"}]
    then = client.chat.completions.create(**ask).choices[0].finish_reason
    return {"name": call.function.name, "input": json.loads(call.function.arguments), "then": then}


def tool_stream():
    pieces = ""
    for chunk in client.chat.completions.create(**saying("Please use a tool", tools=TOOLS, stream=True)):
        for call in chunk.choices[0].delta.tool_calls or []:
            pieces += call.function.arguments or ""
    return json.loads(pieces)


def models():
    return [model.id for model in client.models.list()]


def run(name):
    try:
        return globals()[name]()
    except openai.APIStatusError as error:
        return {
            "error": error.code,
            "message": error.message,
            "status": error.status_code,
            "type": type(error).__name__,
        }


json.dump([run(name) for name in sys.argv[1:]], sys.stdout)
