"""Two chains and a layer one, made block by block, and what a feed says of them."""

import hashlib

INBOX = "0x4200000000000000000000000000000000000022"
EXECUTING = "0x5c37832d2e8d10e346e55ad62071a6a2f9fa5130614ef2ec6617555c6f467ba7"
ORIGIN = "0x1111111111111111111111111111111111111111"


def name(text):
    """A hash that is only a name."""
    return "0x" + hashlib.sha256(text.encode()).hexdigest()


def word(number):
    return f"{number:064x}"


def reference(block):
    return {key: block[key] for key in ("hash", "number", "parentHash", "timestamp")}


def identity(block):
    return {key: block[key] for key in ("hash", "number")}


class Chain:
    """Blocks from number 100, one every two seconds."""

    def __init__(self, chain, timestamp):
        self.id = chain
        first = {"hash": name(f"{chain} first"), "number": 100, "parentHash": name(f"{chain} before"),
                 "timestamp": timestamp, "logs": []}
        self.blocks = [first]

    def head(self):
        return self.blocks[-1]

    def block(self, number):
        return next((block for block in self.blocks if block["number"] == number), None)

    def grow(self, logs, branch=""):
        head = self.head()
        number = head["number"] + 1
        self.blocks.append({
            "hash": name(f"{self.id} {number} {branch}"), "number": number,
            "parentHash": head["hash"], "timestamp": head["timestamp"] + 2, "logs": logs,
        })
        return self.head()

    def cut(self, number):
        self.blocks = [block for block in self.blocks if block["number"] <= number]

    def identifier(self, number, index):
        block = self.block(number)
        return {"origin": block["logs"][index]["address"], "blockNumber": number, "logIndex": index,
                "timestamp": block["timestamp"], "chainId": int(self.id, 16)}

    def payload(self, number, index):
        log = self.block(number)["logs"][index]
        return "0x" + "".join(topic[2:] for topic in log["topics"]) + log["data"][2:]

    def output(self, block):
        return {"stateRoot": name(f"state {block['hash']}"),
                "messagePasserStorageRoot": name(f"passer {block['hash']}"),
                "blockHash": block["hash"]}


def plain(text):
    return {"address": ORIGIN, "topics": [name("Said(string)")], "data": "0x" + text.encode().hex()}


def executing(keccak, identifier, payload):
    """The inbox's log of executing a message."""
    payload_hash = "0x" + keccak(bytes.fromhex(payload[2:])).hex()
    data = word(int(identifier["origin"], 16)) + "".join(
        word(identifier[key]) for key in ("blockNumber", "logIndex", "timestamp", "chainId"))
    return {"address": INBOX, "topics": [EXECUTING, payload_hash], "data": "0x" + data}


def entries(keccak, identifier, payload):
    """The inbox entries that declare a message of a chain whose id fits 64 bits."""
    payload_hash = keccak(bytes.fromhex(payload[2:]))
    log_hash = keccak(bytes.fromhex(identifier["origin"][2:]) + payload_hash)
    place = (identifier["blockNumber"].to_bytes(8, "big") + identifier["timestamp"].to_bytes(8, "big")
             + identifier["logIndex"].to_bytes(4, "big"))
    bare = keccak(keccak(log_hash + bytes(12) + place) + identifier["chainId"].to_bytes(32, "big"))
    lookup = bytes([1, 0, 0, 0]) + identifier["chainId"].to_bytes(8, "big") + place
    return ["0x" + lookup.hex(), "0x03" + bare[1:].hex()]


def layer_one(number):
    return {"hash": name(f"layer one {number}"), "number": number,
            "parentHash": name(f"layer one {number - 1}"), "timestamp": 1_744_000_000 + 12 * number}
