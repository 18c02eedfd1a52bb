"""The virtual key of the benchmark, which LiteLLM would otherwise read from its database."""

import os

from litellm.proxy._types import UserAPIKeyAuth

budget = os.environ["BENCH_MAX_BUDGET"]


async def known_caller(request, api_key):
    return UserAPIKeyAuth(
        api_key=api_key,
        token=api_key,
        key_alias="bench",
        max_budget=float(budget) if budget else None,
    )
