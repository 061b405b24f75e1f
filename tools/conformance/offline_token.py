"""pytest plugin: the suite's token without network.

The suite downloads a token even for tests that only verify, and reads issuer, e-mail and expiry from it. This gives it one
with those claims that nobody signed. Loaded before the suite's conftest: ``-p offline_token``.
"""

import base64
import json
import time

import urllib3

_CLAIMS = {
    "iss": "https://accounts.example.com",
    "email": "nobody@example.com",
    "exp": int(time.time()) + 3600,
}


def _part(value: dict) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode().rstrip("=")


class _Answer:
    data = f"{_part({'alg': 'none'})}.{_part(_CLAIMS)}.".encode()


def _request(method: str, url: str, **_: object) -> _Answer:
    if not url.endswith("-token.txt"):
        raise RuntimeError(f"no network here: {method} {url}")
    return _Answer()


urllib3.request = _request
