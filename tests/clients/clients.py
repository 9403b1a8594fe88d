"""The clients, all called alike: what comes back is ("result", value) or ("error", code)."""

import json
import subprocess

from web3 import HTTPProvider, Web3
from web3.exceptions import Web3RPCError


class Web3Py:
    name = "web3.py"

    def __init__(self, url):
        self.web3 = Web3(HTTPProvider(url))

    def call(self, method, params):
        """By the interface that raises errors."""
        try:
            return "result", plain(self.web3.manager.request_blocking(method, params))
        except Web3RPCError as error:
            return "error", error.rpc_response["error"]["code"]

    def request(self, method, params):
        """By the interface that returns them."""
        return outcome(self.web3.provider.make_request(method, params))

    def batch(self, calls):
        answers = self.web3.provider.make_batch_request(calls)
        return [outcome(answer) for answer in answers]


class Node:
    """viem and ethers, in one process of Node."""

    def __init__(self, script):
        self.process = subprocess.Popen(["node", script], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def ask(self, job):
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def encode(self, identifier, payload):
        return self.ask({"encode": {"identifier": identifier, "payload": payload}})

    def stop(self):
        self.process.stdin.close()
        self.process.wait(timeout=20)


class InNode:
    def __init__(self, name, node, url):
        self.name, self.node, self.url = name, node, url

    def call(self, method, params):
        return self.batch([(method, params)])[0]

    def batch(self, calls):
        answers = self.node.ask({"client": self.name, "url": self.url, "calls": calls})
        return [("result", it["result"]) if "result" in it else ("error", it["code"])
                for it in answers]


def outcome(answer):
    if "error" in answer:
        return "error", answer["error"]["code"]
    return "result", plain(answer["result"])


def plain(value):
    """Without the types that web3.py dresses results in."""
    if hasattr(value, "items"):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value
