"""Fetches one URL with httpx over HTTP/2 and prints one JSON line of what happened.

--serve: the arguments of each fetch come as a line of JSON.
"""
import argparse
import hashlib
import json
import re
import sys

import httpx


def fetch(line):
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--method", default="GET")
    parser.add_argument("--header", action="append", default=[])
    parser.add_argument("--max-time", type=float, default=10)
    parser.add_argument("--upload", type=int, default=0)
    parser.add_argument("--ca")
    arguments = parser.parse_args(line)
    outcome = {"client": "httpx", "version": httpx.__version__, "result": "complete", "code": None, "by": None,
               "status": None, "headers": [], "trailers": [], "body_octets": 0, "body_sha256": None, "detail": ""}
    headers = [tuple(header.split(":", 1)) for header in arguments.header]
    digest = hashlib.sha256()
    try:
        with httpx.Client(http1=False, http2=True, verify=arguments.ca or False, trust_env=False,
                          timeout=arguments.max_time) as client:
            content = b"u" * arguments.upload if arguments.upload else None
            with client.stream(arguments.method, arguments.url, headers=headers, content=content) as response:
                outcome["status"] = response.status_code
                outcome["headers"] = [[name.decode("latin-1"), value.decode("latin-1")]
                                      for name, value in response.headers.raw]
                for chunk in response.iter_raw():
                    outcome["body_octets"] += len(chunk)
                    digest.update(chunk)
    except httpx.TimeoutException as error:
        outcome.update(result="timeout", detail=type(error).__name__)
    except Exception as error:  # reported, whatever it is
        words = f"{type(error).__name__}: {error}"
        code = re.search(r"error_code:<?[A-Za-z.]*?:?\s*(\d+)", words) or re.search(r"error_code:.*?(\d+)", words)
        kind = "other"
        if "StreamReset" in words:
            kind = "stream-error"
        elif "ConnectionTerminated" in words:
            kind = "connection-error"
        elif isinstance(error, (httpx.LocalProtocolError, httpx.RemoteProtocolError)) and "disconnected" not in words:
            # It closes the connection without a GOAWAY.
            kind = "connection-error"
        judged_by_client = kind == "connection-error" and not code
        outcome.update(result=kind, code=int(code.group(1)) if code and kind != "other" else None,
                       by="client" if judged_by_client else "server" if kind != "other" else None, detail=words)
    outcome["body_sha256"] = digest.hexdigest()
    return outcome


if sys.argv[1:] == ["--serve"]:
    for line in sys.stdin:
        print(json.dumps(fetch(json.loads(line))), flush=True)
else:
    print(json.dumps(fetch(sys.argv[1:])))
