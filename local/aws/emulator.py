"""Starts MiniStack with what it lacks: notes of who used which key and right, more rights, S3 Control, function URLs.

GetAccessKeyLastUsed answers as IAM does: with the time of the last request whose signature was found right. Region and
service stay unknown. Each right that a principal was judged by is written to iam-actions.log once, as a line
`<principal> <action>`: what a policy needs is read from there.

What is done to a Lambda alias, to its provisioned concurrency or to a function's URL is judged by its own name, where
MiniStack has two names for all of it; and provisioned concurrency by the alias that it is of. A call of CloudWatch in
CBOR, the way of newer SDKs, is judged at all, and one about an alarm by that: MiniStack finds no name in it.

An e-mail address that is subscribed to a topic waits for its owner: MiniStack takes it for confirmed, and sends no mail.

A role's trust policy that names a user lets that user assume the role within the account, as in AWS: MiniStack asks for a
right in the user's own policy, too.
"""

import json
import os
import re
import time

import account_host_proxy
import cbor2
import function_urls

from ministack.core import iam_actions, iam_evaluator
from ministack.services import iam, sns

last_used: dict[str, str] = {}


class NotingVariable:
    """The variable in which MiniStack keeps the key whose signature it has verified."""

    def __init__(self, variable):
        self.variable = variable

    def get(self, *default):
        return self.variable.get(*default)

    def set(self, key_id):
        if key_id:
            last_used[key_id] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        return self.variable.set(key_id)


asked: set[tuple[str, str]] = set()


def evaluate(context, *policies, judge=iam_evaluator.evaluate):
    pair = (context.principal_arn, context.action)
    if pair not in asked:
        asked.add(pair)
        with open("iam-actions.log", "a") as log:
            print(*pair, file=log)
    return judge(context, *policies)


def request_context(service, action, body, parameters, tags=iam_actions.request_tag_context):
    """The condition keys of a request: MiniStack has none of iam:PolicyARN, the policy that is attached or detached."""
    policy = parameters.get("PolicyArn") if service == "iam" else None
    named = {"iam:PolicyARN": policy[0] if isinstance(policy, list) else policy} if policy else {}
    return {**tags(service, action, body, parameters), **named}


# AWS authorises Converse as these; MiniStack asks for actions that IAM does not have.
authorised_as = {
    "bedrock:Converse": "bedrock:InvokeModel",
    "bedrock:ConverseStream": "bedrock:InvokeModelWithResponseStream",
}


def action_of(service, method, path, *request, named=iam_actions.extract_iam_action):
    if service == "lambda" and re.search(r"/functions/[^/]+/(aliases|url|provisioned-concurrency)(/|$)", path):
        return f"lambda:{iam_actions._match_rest_action(service, method, path)}"
    if call := cbor_call(service, path):
        return f"cloudwatch:{call[1]}"
    action = named(service, method, path, *request)
    return authorised_as.get(action, action)


def resource_of(service, method, path, headers, body, parameters, *place, named=iam_actions.extract_resource_arn):
    if service == "monitoring" and (cbor_call(service, path) or body.startswith(b"{")):
        request = json.loads(body) if body.startswith(b"{") else cbor2.loads(body)
        body = json.dumps(about_one_alarm(request), default=str).encode()
    resource = named(service, method, path, headers, body, parameters, *place)
    if service == "lambda" and path.endswith("/provisioned-concurrency"):
        qualifier = parameters.get("Qualifier", "")
        return f"{resource}:{qualifier[0] if isinstance(qualifier, list) else qualifier}"
    return resource


def cbor_call(service, path):
    return service == "monitoring" and re.search(r"/operation/(\w+)$", path)


def about_one_alarm(request):
    """The request with the name of its alarm where MiniStack looks for it."""
    arn = request.get("ResourceARN", "")
    names = request.get("AlarmNames") or ([arn.split(":alarm:")[1]] if ":alarm:" in arn else [])
    return {**request, "AlarmName": names[0]} if len(names) == 1 else request


def subscribe(parameters, answer=sns._subscribe):
    """No address is confirmed before its owner has followed the link in a mail, which nobody sends here."""
    answered = answer(parameters)
    for topic in sns._topics.values():
        for subscription in topic["subscriptions"]:
            if subscription["protocol"] == "email":
                subscription["confirmed"] = False
                subscription["attributes"]["PendingConfirmation"] = "true"
    return answered


def list_subscriptions_by_topic(parameters, answer=sns._list_subscriptions_by_topic):
    """A list has this in place of the ARN of a subscription that is not confirmed."""
    status, headers, body = answer(parameters)
    for topic in sns._topics.values():
        for subscription in topic["subscriptions"]:
            if not subscription["confirmed"]:
                body = body.replace(f">{subscription['arn']}<".encode(), b">PendingConfirmation<")
    return status, headers, body


def trust_policy_of(role_arn):
    """The trust policy of a role and its account, which count as a bucket's policy does; None where there is no role."""
    role = iam._roles.get(role_arn.rsplit("/", 1)[-1])
    return role and (role["AssumeRolePolicyDocument"], role_arn.split(":")[4])


def get_access_key_last_used(parameters, answer=iam._IAM_HANDLERS["GetAccessKeyLastUsed"]):
    status, headers, body = answer(parameters)
    key_id = iam._p(parameters, "AccessKeyId")
    if status == 200 and key_id in last_used:
        noted = f"<AccessKeyLastUsed><LastUsedDate>{last_used[key_id]}</LastUsedDate>"
        body = body.replace(b"<AccessKeyLastUsed>", noted.encode())
    return status, headers, body


def nothing_of(call):
    """The answer of a call that lists what no user of this account has."""
    answer = f"<{call}Response><{call}Result><IsTruncated>false</IsTruncated></{call}Result></{call}Response>"
    return lambda parameters: (200, {"Content-Type": "text/xml"}, answer.encode())


# Asked before a user is deleted with all that it may have.
for call in ("ListSSHPublicKeys", "ListServiceSpecificCredentials", "ListSigningCertificates", "ListVirtualMFADevices"):
    iam._IAM_HANDLERS.setdefault(call, nothing_of(call))

iam_actions.request_tag_context = request_context
iam_actions._BOTOCORE_SERVICE_MAP["lambda"] = ["lambda"]
iam_actions.extract_iam_action = action_of
iam_actions.extract_resource_arn = resource_of
iam_evaluator.evaluate = evaluate
iam.trust_policy_of = trust_policy_of
iam_evaluator._RESOURCE_POLICY_LOOKUPS["sts"] = ("iam", "trust_policy_of")
iam_evaluator._verified_key = NotingVariable(iam_evaluator._verified_key)
sns._subscribe = subscribe
sns._list_subscriptions_by_topic = list_subscriptions_by_topic
iam._IAM_HANDLERS["GetAccessKeyLastUsed"] = get_access_key_last_used

function_urls.start()
account_host_proxy.start(int(os.environ["PROXY_PORT"]), int(os.environ["GATEWAY_PORT"]))

from ministack.app import main  # noqa: E402: after what it reads was changed

main()
