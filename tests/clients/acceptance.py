"""The scripted acceptance: a cluster of two chains grows safer step by step, and real clients see
it. Arguments: the program, the script for Node or "", the folder of vectors or "", a folder to
write in. Prints what failed, and last "N passed, N failed"."""

import json
import os
import subprocess
import sys
import time

from eth_utils import keccak as eth_keccak

import chains
from chains import Chain, executing, identity, layer_one, plain, reference
from clients import InNode, Node, Web3Py
from served import Served

TIME = 1_744_003_200
NULL = ("result", None)
LEVELS = ["unsafe", "cross-unsafe", "local-safe", "safe", "finalized"]

passed, failed = 0, 0


def keccak(data):
    return eth_keccak(primitive=data)


def check(what, found, wanted):
    global passed, failed
    if found == wanted:
        passed += 1
    else:
        failed += 1
        print(f"FAILED {what}: {found!r}, not {wanted!r}")


def error(code):
    return "error", code


def until(what, get, wanted):
    """Waits for an answer, which counts as a check."""
    end = time.monotonic() + 20
    found = get()
    while found != wanted and time.monotonic() < end:
        time.sleep(0.02)
        found = get()
    check(what, found, wanted)


class Acceptance:
    def __init__(self, binary, script, vectors, folder):
        self.a, self.b = Chain("0xa", TIME), Chain("0x14", TIME + 1)
        self.binary, self.folder, self.vectors = binary, folder, vectors
        self.served = self.serve({})
        self.web3 = Web3Py(self.served.url)
        self.clients = [self.web3]
        self.node = Node(script) if script else None
        if self.node:
            names = ["viem", "viem batch", "ethers"]
            self.clients += [InNode(name, self.node, self.served.url) for name in names]

    def serve(self, more):
        config = os.path.join(self.folder, "config.json")
        of = {chain.id: {"blockTime": 2} for chain in (self.a, self.b)}
        with open(config, "w", encoding="utf-8") as file:
            json.dump({"chains": of, "expiryWindow": 604_800, **more}, file)
        return Served(self.binary, config, [self.a, self.b])

    def all(self, what, method, params, wanted):
        """Every client gets the same."""
        for client in self.clients:
            found = client.call(f"supervisor_{method}", params)
            check(f"{client.name}: {what}: {method}", found, wanted)

    def reaches(self, chain, block, level="localUnsafe"):
        get = lambda: self.web3.call(f"supervisor_{level}", [chain.id])
        until(f"{level} of {chain.id}", get, ("result", identity(block)))

    def access(self, chain, number, index):
        """The call's entries, encoded twice."""
        identifier, payload = chain.identifier(number, index), chain.payload(number, index)
        entries = chains.entries(keccak, identifier, payload)
        if self.node:
            check("the encoding of an access list", self.node.encode(identifier, payload), entries)
        return entries

    def levels(self, what, entries, reached, code=-32112):
        """The message has the levels up to `reached`, and no other."""
        descriptor = {"timestamp": hex(TIME + 5_000), "timeout": "0x15180"}
        for place, level in enumerate(LEVELS):
            wanted = NULL if place < reached else error(code)
            self.all(f"{what} at {level}", "checkAccessList", [entries, level, descriptor], wanted)

    def run(self):
        steps = [self.nothing, self.unsafe, self.cross_unsafe, self.safe, self.final, self.methods,
                 self.refusals, self.batches, self.reorganised, self.replaced, self.failsafe,
                 self.malformed, self.deployed, self.stopped]
        for step in steps:
            step()

    def nothing(self):
        for method in ("localUnsafe", "crossSafe", "localSafe", "finalized"):
            self.all("before the anchor", method, ["0xa"], error(-32101))
        self.all("before the anchor", "finalizedL1", [], error(-32112))
        self.all("before the anchor", "syncStatus", [], error(-32101))
        self.all("a chain that is not in the set", "localUnsafe", ["0x2105"], error(-32100))

    def unsafe(self):
        a, b, served = self.a, self.b, self.served
        for chain in (a, b):
            served.anchor(chain)
            self.reaches(chain, chain.block(100))
            # Nothing that a node says counts until it was reset.
            served.command("interop_reset")
        with served.lock:
            a.grow([plain("zero"), plain("one"), plain("two")])
            a.grow([plain("hello"), plain("interop")])
            executed = executing(keccak, a.identifier(102, 1), a.payload(102, 1))
            b.grow([plain("first of b")])
            b.grow([executed, plain("after it")])
            late = a.blocks.pop()
        served.unsafe(b)
        served.unsafe(a)
        self.reaches(b, b.block(102))
        self.reaches(a, a.block(101))
        # Its block executes a message of A that is not there yet.
        self.waiting = self.access(b, 102, 1)
        self.early = self.access(a, 101, 1)
        self.levels("a message of a block that waits", self.waiting, 1)
        self.levels("a message of a block that does not", self.early, 2)
        with served.lock:
            a.blocks.append(late)

    def cross_unsafe(self):
        self.served.unsafe(self.a)
        self.reaches(self.a, self.a.block(102))
        self.levels("once what it waits for is there", self.waiting, 2)

    def safe(self):
        a, b, served = self.a, self.b, self.served
        served.say({"remote": {"l1Tip": layer_one(105)}})
        served.derived(b, 101, 100)
        served.derived(b, 101, 101)
        served.derived(b, 101, 102)
        pair = {"source": identity(layer_one(101)), "derived": identity(b.block(102))}
        # The feed doesn't say when it has handed an event in.
        until("localSafe", lambda: self.web3.call("supervisor_localSafe", ["0x14"]), ("result", pair))
        self.all("derived", "localSafe", ["0x14"], ("result", pair))
        self.levels("derived, what it executes is not", self.waiting, 3)
        served.derived(a, 101, 100)
        served.derived(a, 101, 101)
        served.derived(a, 101, 102)
        until("crossSafe", lambda: self.web3.call("supervisor_crossSafe", ["0x14"]), ("result", pair))
        self.levels("derived as well", self.waiting, 4)
        command = served.command("interop_updateCrossSafe")
        check("a node is told", command["chainID"] in ("0xa", "0x14"), True)

    def final(self):
        self.served.say({"remote": {"l1Finalized": layer_one(101)}})
        get = lambda: self.web3.call("supervisor_finalizedL1", [])
        until("finalizedL1", get, ("result", layer_one(101)))
        self.levels("final", self.waiting, 5)
        self.all("final", "finalized", ["0x14"], ("result", identity(self.b.block(102))))

    def methods(self):
        a, b = self.a, self.b
        pair = lambda chain: {"source": identity(layer_one(101)),
                              "derived": identity(chain.block(102))}
        for chain in (a, b):
            params, head = [chain.id], chain.block(102)
            self.all("a method", "localUnsafe", params, ("result", identity(head)))
            self.all("a method", "crossSafe", params, ("result", pair(chain)))
            self.all("a method", "localSafe", params, ("result", pair(chain)))
            source = ("result", layer_one(101))
            for method in ("crossDerivedToSource", "crossDerivedFrom"):
                self.all("a method", method, [chain.id, identity(head)], source)
        # Chain ids are taken in decimal too.
        self.all("a decimal chain id", "localUnsafe", ["20"], ("result", identity(b.block(102))))
        self.all("a method", "finalizedL1", [], ("result", layer_one(101)))
        derived = {"0xa": identity(a.block(102)), "0x14": identity(b.block(102))}
        self.all("a method", "allSafeDerivedAt", [identity(layer_one(101))], ("result", derived))
        at = lambda chain: {"localUnsafe": reference(chain.block(102)),
                            **{level: identity(chain.block(102)) for level in
                               ("localSafe", "crossUnsafe", "safe", "finalized")}}
        status = {"minSyncedL1": layer_one(101), "safeTimestamp": a.block(102)["timestamp"],
                  "finalizedTimestamp": a.block(102)["timestamp"],
                  "chains": {"0xa": at(a), "0x14": at(b)}}
        self.all("a method", "syncStatus", [], ("result", status))
        timestamp = b.block(101)["timestamp"]
        self.all("a method", "superRootAtTimestamp", [hex(timestamp)], ("result", self.root(timestamp)))

    def root(self, timestamp):
        """The super root of a time, made from its parts."""
        infos, preimage = [], b"\x01" + timestamp.to_bytes(8, "big")
        for chain in (self.a, self.b):
            block = [it for it in chain.blocks if it["timestamp"] <= timestamp][-1]
            output = chain.output(block)
            members = ("stateRoot", "messagePasserStorageRoot", "blockHash")
            pending = bytes(32) + b"".join(bytes.fromhex(output[it][2:]) for it in members)
            root = keccak(pending)
            infos.append({"chainId": chain.id, "canonical": "0x" + root.hex(),
                          "pending": "0x" + pending.hex()})
            preimage += int(chain.id, 16).to_bytes(32, "big") + root
        return {"crossSafeDerivedFrom": identity(layer_one(101)), "timestamp": timestamp,
                "superRoot": "0x" + keccak(preimage).hex(), "version": 1, "chains": infos}

    def refusals(self):
        a, entries = self.a, self.early
        descriptor = {"timestamp": hex(TIME + 100)}
        method = "checkAccessList"
        self.all("no level", method, [entries, "invalid", descriptor], error(-32602))
        self.all("half a message", method, [entries[:1], "unsafe", descriptor], error(-32602))
        self.all("nothing to check", method, [[], "finalized", descriptor], NULL)
        other = [entries[0], self.waiting[1]]
        self.all("another checksum", method, [entries, "unsafe", {}], error(-32602))
        self.all("another checksum", method, [other, "unsafe", descriptor], error(-32114))
        same = {"timestamp": hex(a.block(101)["timestamp"])}
        self.all("the same time", method, [entries, "unsafe", same], error(-32114))
        late = {"timestamp": hex(a.block(101)["timestamp"] + 604_801)}
        self.all("expired", method, [entries, "unsafe", late], error(-32114))
        last = {"timestamp": hex(a.block(101)["timestamp"] + 604_800)}
        self.all("just not expired", method, [entries, "unsafe", last], NULL)
        chain = {**descriptor, "chainID": "0x2105"}
        self.all("executed elsewhere", method, [entries, "unsafe", chain], error(-32100))
        future = chains.entries(keccak, {**a.identifier(101, 1), "blockNumber": 150,
                                         "timestamp": TIME + 60}, "0x00")
        self.all("a block to come", method, [future, "unsafe", descriptor], error(-32112))
        before = chains.entries(keccak, {**a.identifier(101, 1), "blockNumber": 50,
                                         "timestamp": TIME - 100}, "0x00")
        self.all("a block from before", method, [before, "unsafe", descriptor], error(-32113))
        ahead = [{"hash": chains.name("ahead"), "number": 109}]
        self.all("a layer-one block to come", "allSafeDerivedAt", ahead, error(-32112))
        wrong = ["0xa", {"hash": chains.name("wrong"), "number": 102}]
        self.all("another block", "crossDerivedToSource", wrong, error(-32114))
        self.all("too early", "superRootAtTimestamp", [hex(TIME - 50)], error(-32113))
        self.all("too late", "superRootAtTimestamp", [hex(TIME + 500)], error(-32112))
        self.all("no such method", "localUnsafest", ["0xa"], error(-32601))
        self.all("switched off", "dependencySetV1", [], error(-32004))
        self.all("too many parameters", "finalizedL1", [1], error(-32602))
        for client in self.clients:
            found = client.call("admin_getFailsafeEnabled", [])
            check(f"{client.name}: admin_getFailsafeEnabled", found, ("result", False))
            found = client.call("admin_setFailsafeEnabled", [True])
            check(f"{client.name}: admin_setFailsafeEnabled", found, error(-32601))
        # The interface of web3.py that raises nothing says the same.
        found = self.web3.request("supervisor_localUnsafe", ["0x2105"])
        check("web3.py: make_request", found, error(-32100))
        found = self.web3.request(f"supervisor_{method}", [entries, "safe", descriptor])
        check("web3.py: make_request", found, NULL)

    def batches(self):
        descriptor = {"timestamp": hex(TIME + 100)}
        calls = [
            ("supervisor_localUnsafe", ["0xa"]), ("supervisor_localUnsafe", ["0x2105"]),
            ("supervisor_finalizedL1", []), ("supervisor_nope", []),
            ("supervisor_checkAccessList", [self.early, "safe", descriptor]),
            ("supervisor_checkAccessList", [self.early[1:], "safe", descriptor]),
            ("supervisor_superRootAtTimestamp", [hex(self.b.block(101)["timestamp"])]),
        ]
        wanted = [
            ("result", identity(self.a.block(102))), error(-32100), ("result", layer_one(101)),
            error(-32601), NULL, error(-32602),
            ("result", self.root(self.b.block(101)["timestamp"])),
        ]
        for client in self.clients:
            check(f"{client.name}: a batch", client.batch(calls), wanted)
            check(f"{client.name}: a large batch", client.batch(calls * 40), wanted * 40)

    def reorganised(self):
        a, served = self.a, self.served
        with served.lock:
            a.grow([plain("gone soon")])
        served.unsafe(a)
        self.reaches(a, a.block(103))
        gone = self.access(a, 103, 0)
        self.levels("a message that will be gone", gone, 2)
        with served.lock:
            a.cut(102)
            a.grow([plain("another")], "b")
            a.grow([], "b")
        served.unsafe(a)
        self.reaches(a, a.block(104))
        self.levels("a message that is gone", gone, 0, -32114)
        self.levels("the one in its place", self.access(a, 103, 0), 2)

    def replaced(self):
        b, served = self.b, self.served
        with served.lock:
            lie = executing(keccak, self.a.identifier(101, 2), self.a.payload(101, 1))
            b.grow([plain("deposited"), lie])
        served.unsafe(b)
        self.reaches(b, b.block(103))
        doomed = self.access(b, 103, 0)
        self.levels("a message of a block that lies", doomed, 1)
        invalid = b.block(103)
        served.derived(b, 102, 102)
        served.derived(b, 102, 103)
        # What it claims is judged when A has derived as much.
        served.derived(self.a, 102, 102)
        command = served.command("interop_invalidateBlock")
        check("the node is told", command["call"]["params"][0]["hash"], invalid["hash"])
        self.all("invalidated", "localSafe", ["0x14"], error(-32115))
        with served.lock:
            b.cut(102)
            b.grow([plain("deposited")], "replacement")
        replacement = {"replacement": reference(b.head()), "invalidated": invalid["hash"]}
        served.event(b, {"replaceBlock": replacement})
        pair = {"source": identity(layer_one(102)), "derived": identity(b.head())}
        get = lambda: self.web3.call("supervisor_crossSafe", ["0x14"])
        until("the replacement", get, ("result", pair))
        # Its deposit came first and survived: the message is the same.
        self.levels("a message that survived", doomed, 4)

    def failsafe(self):
        params = [self.early, "unsafe", {"timestamp": hex(TIME + 100)}]
        get = lambda: self.web3.call("admin_getFailsafeEnabled", [])
        for on, wanted in ((True, error(-32003)), (False, NULL)):
            self.served.say({"local": {"failsafe": on}})
            until("the failsafe", get, ("result", on))
            self.all("the failsafe", "checkAccessList", params, wanted)

    def malformed(self):
        """Texts that no client sends, by curl."""
        if not self.vectors:
            print("skipped: the malformed texts: no vectors")
            return
        with open(os.path.join(self.vectors, "supervisor/jsonrpc.json"), encoding="utf-8") as file:
            cases = json.load(file)["cases"]
        for case in cases:
            done = subprocess.run(
                ["curl", "-s", "--max-time", "20", "-w", "\n%{http_code}", "-H",
                 "content-type: application/json", "--data-binary", "@-", self.served.url],
                input=case["request"].encode(), capture_output=True, check=True)
            reply, status = done.stdout.decode().rsplit("\n", 1)
            check(f"curl: {case['name']}: status", status, "200")
            reply = json.loads(reply) if reply else None
            wanted = case["response"]
            check(f"curl: {case['name']}", skeleton(reply, wanted), wanted)

    def deployed(self):
        """The form and the codes of deployed services."""
        served = self.serve({"profile": "deployed"})
        client = Web3Py(served.url)
        check("deployed codes", client.call("supervisor_localUnsafe", ["0x2105"]), error(-320501))
        found = client.call("supervisor_localUnsafe", ["0xa"])
        check("deployed codes", found, error(-320400))
        check("the exit code", served.stop(), 0)

    def stopped(self):
        if self.node:
            self.node.stop()
        check("the exit code", self.served.stop(), 0)


def skeleton(reply, wanted):
    """A reply as the vectors write it: batches in the order of what is wanted."""
    if isinstance(reply, list):
        parts = [skeleton(part, want) for part, want in zip(reply, wanted)]
        return parts + reply[len(parts):]
    if reply is None or reply.get("jsonrpc") != "2.0":
        return reply
    if "error" in reply:
        return {"id": reply["id"], "error": reply["error"]["code"]}
    any_result = isinstance(wanted, dict) and wanted.get("result") is True
    return {"id": reply["id"], "result": True if any_result else reply["result"]}


def main():
    Acceptance(*sys.argv[1:5]).run()
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
