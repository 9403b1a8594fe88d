"""Writes messages.json: each Leios message as an independent encoder puts it on the wire.

Values are built as plain lists and maps after the grammar in src/codec/leios/leios.cddl and
encoded by cbor2, which knows nothing of this project. Other encodings of the same values are made
by a small writer below that chooses head widths and indefinite forms on purpose; cbor2 has to read
back the same value from them. Run: python3 generate.py > messages.json (needs cbor2 6).
"""

import json
import struct
import sys

import cbor2

HASH = bytes(range(32))
OTHER = bytes(range(32, 64))
SIGNATURE = bytes(range(48))
BIG = 2**64 - 1


class Wide:
    """An integer with a head of a chosen width."""

    def __init__(self, value, width):
        self.value, self.width = value, width


class Open(list):
    """A list of indefinite length."""


class OpenMap(dict):
    """A map of indefinite length."""


def head(major, value, width=None):
    if width is None:
        width = 0 if value < 24 else next(w for w in (1, 2, 4, 8) if value < 256**w)
    if width == 0:
        return bytes([major << 5 | value])
    info = {1: 24, 2: 25, 4: 26, 8: 27}[width]
    return bytes([major << 5 | info]) + struct.pack({1: ">B", 2: ">H", 4: ">I", 8: ">Q"}[width], value)


def put(value):
    """Encodes in the form that the value asks for."""
    if isinstance(value, Wide):
        if isinstance(value.value, bytes):
            return head(2, len(value.value), value.width) + value.value
        return head(0, value.value, value.width)
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if value is None:
        return b"\xf6"
    if isinstance(value, int):
        return head(0, value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, Open):
        return b"\x9f" + b"".join(map(put, value)) + b"\xff"
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(put, value))
    if isinstance(value, OpenMap):
        return b"\xbf" + b"".join(put(k) + put(v) for k, v in value.items()) + b"\xff"
    if isinstance(value, dict):
        return head(5, len(value)) + b"".join(put(k) + put(v) for k, v in value.items())
    if isinstance(value, cbor2.CBORTag):
        return head(6, value.tag) + put(value.value)
    raise TypeError(value)


def plain(value):
    """The value without the wish for a form."""
    if isinstance(value, Wide):
        return value.value
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {plain(k): plain(v) for k, v in value.items()}
    return value


def listed(value):
    """Maps as lists of pairs, so that their order counts in a comparison."""
    if isinstance(value, (list, tuple)):
        return [listed(item) for item in value]
    if isinstance(value, dict):
        return ["map", *([listed(k), listed(v)] for k, v in value.items())]
    return value


def accept(protocol, name, value, *others):
    encoded = cbor2.dumps(value)
    for other in others:
        assert plain(other) == value, name
        assert put(other) != encoded, name
        assert listed(cbor2.loads(put(other))) == listed(cbor2.loads(encoded)), name
    return {
        "protocol": protocol,
        "name": name,
        "hex": encoded.hex(),
        "also_accept": [put(other).hex() for other in others],
    }


def reject(protocol, name, data, error, offset):
    if not isinstance(data, bytes):
        data = put(data)
    return {"protocol": protocol, "name": name, "hex": data.hex(), "error": error, "offset": offset}


def header(era):
    return [era, cbor2.CBORTag(24, b"\x82\x80\x40")]


def accepted():
    request, reply, naive = "LeiosRequest", "LeiosReply", "NaiveLeios"
    point = [77, HASH]
    wide_point = [Wide(77, 8), Wide(HASH, 2)]
    block = {OTHER: 24, HASH: 16384}
    vote = [BIG, HASH, 65535, SIGNATURE]
    windows = {0: 1, 5: 2**63, 222: BIG}
    delivery = {0: [5, [b"", b"x" * 24]], 65535: [1, [b"y" * 300]]}
    open_delivery = OpenMap(
        {0: [Wide(5, 4), Open([b"", b"x" * 24])], 65535: [1, [Wide(b"y" * 300, 4)]]}
    )
    yield accept(request, "notification bytes", [0, 0, 2048], [Wide(0, 1), Wide(0, 8), Wide(2048, 8)])
    yield accept(request, "last request", [0, BIG, 65535], [0, BIG, Wide(65535, 4)])
    yield accept(request, "block id", [1, 23, [[0, point]]], [1, 23, Open([[0, wide_point]])])
    yield accept(request, "vote ids", [1, 24, [[2, BIG, 0], [2, 0, 65535]]],
                 [1, Wide(24, 2), Open([[2, BIG, 0], [Wide(2, 4), 0, Wide(65535, 8)]])])
    yield accept(request, "transactions id", [1, 256, [[1, point, windows]]],
                 [1, 256, [[1, point, OpenMap(windows)]]],
                 [1, 256, Open([[1, wide_point, OpenMap({Wide(0, 8): Wide(1, 8), 5: 2**63, Wide(222, 2): BIG})]])])
    yield accept(request, "mixed ids", [1, 65536, [[0, point], [1, [0, OTHER], {1: 3}], [2, 1, 1]]])
    yield accept(request, "done", [2], [Wide(2, 8)])
    yield accept(reply, "init", [0], [Wide(0, 2)])
    yield accept(reply, "announcement", [1, 0, False, [[0, header(7)]]], [1, Wide(0, 4), False, Open([[0, header(7)]])])
    yield accept(reply, "offers", [1, 3, True, [[1, point], [2, point], [3, 77, 1000]]],
                 [1, 3, True, Open([[1, wide_point], [2, point], [3, Wide(77, 4), Wide(1000, 4)]])])
    yield accept(reply, "one vote offer", [1, 3, True, [[3, BIG, 65535]]])
    yield accept(reply, "no deliveries", [2, 9, []], [2, 9, Open([])])
    yield accept(reply, "block", [2, 9, [[0, block]]], [2, 9, Open([[Wide(0, 1), block]])])
    yield accept(reply, "transactions", [2, 9, [[1, point, delivery]]], [2, 9, Open([[1, wide_point, open_delivery]])])
    yield accept(reply, "all kinds", [2, 2**32, [[2, vote], [0, block], [1, point, delivery]]])
    yield accept(reply, "done", [3])
    for number, message in enumerate([[], [header(6)], [point], [point], [77, 9], [point], [block],
                                      [point, 65535], [b"tx"], [77, 9], [vote], []]):
        yield accept(naive, f"naive {number}", [number, *message])
    yield accept(naive, "naive wide", [7, point, 3], [Wide(7, 4), wide_point, Wide(3, 8)])
    data = [764824073, False, 1, False]
    yield accept("Handshake", "propose", [0, {14: data, 15: data, 16: [164, True, 0, True, False], 4097: data}],
                 [0, {Wide(14, 2): [Wide(764824073, 8), False, Wide(1, 1), False], 15: data,
                      16: [164, True, 0, True, False], 4097: data}])
    yield accept("Handshake", "accept", [1, 4097, data], [1, Wide(4097, 4), data])
    yield accept("Handshake", "refuse: versions", [2, [0, [14, 15]]], [2, [0, Open([14, 15])]])
    yield accept("Handshake", "refuse: no versions", [2, [0, []]])
    yield accept("Handshake", "refuse: decode", [2, [1, 15, "peer sharing?"]])
    yield accept("Handshake", "refuse: refused", [2, [2, 15, "wrong network: \u00fc"]])
    yield accept("Handshake", "query reply", [3, {}])
    yield accept("KeepAlive", "ping", [0, 0], [0, Wide(0, 8)])
    yield accept("KeepAlive", "pong", [1, 65535])
    yield accept("KeepAlive", "done", [2])


def rejected():
    request, reply, naive = "LeiosRequest", "LeiosReply", "NaiveLeios"
    point = [77, HASH]
    yield reject(request, "no array", 0, "TypeMismatch", 0)
    yield reject(request, "empty array", [], "BadArity", 0)
    yield reject(request, "empty array of indefinite length", Open([]), "BadArity", 0)
    yield reject(request, "a break", b"\xff", "NotWellFormed", 0)
    yield reject(request, "reserved head", b"\x9c", "NotWellFormed", 0)
    yield reject(request, "reserved head inside", b"\x83\x00\x1d", "NotWellFormed", 2)
    yield reject(request, "leading integer is negative", b"\x81\x20", "TypeMismatch", 1)
    yield reject(request, "leading integer is text", ["a"], "TypeMismatch", 1)
    yield reject(request, "unknown leading integer", [3, 0, 0], "UnknownMessage", 1)
    yield reject(request, "unknown id", [1, 0, [[3, 0, 0]]], "UnknownMessage", 5)
    yield reject(request, "too many elements", [2, 0], "BadArity", 0)
    yield reject(request, "tagged number", b"\x83\x00\xc1\x00\x19\x08\x00", "TypeMismatch", 2)
    yield reject(request, "number is a float", b"\x83\x00\xf9\x3c\x00\x19\x08\x00", "TypeMismatch", 2)
    yield reject(request, "bytes above 16 bits", [0, 0, 65536], "IntegerOutOfRange", 3)
    yield reject(request, "no ids, indefinite", [1, 0, Open([])], "EmptyList", 3)
    yield reject(request, "ids are a map", [1, 0, {}], "TypeMismatch", 3)
    yield reject(request, "id of indefinite length", [1, 0, [Open([0, point])]], "BadArity", 4)
    yield reject(request, "point of indefinite length", [1, 0, [[0, Open(point)]]], "BadArity", 6)
    yield reject(request, "hash in chunks", b"\x83\x01\x00\x81\x82\x00\x82\x00\x5f\x58\x20" + HASH + b"\xff", "TypeMismatch", 8)
    yield reject(request, "hash of 33 bytes", [1, 0, [[0, [0, HASH + b"x"]]]], "BadHashLength", 8)
    yield reject(request, "hash is text", [1, 0, [[0, [0, "x" * 32]]]], "TypeMismatch", 8)
    txs = b"\x83\x01\x00\x81\x83\x01" + put([0, HASH])
    yield reject(request, "no windows, indefinite", txs + b"\xbf\xff", "EmptyBitmapMap", len(txs))
    yield reject(request, "window without bitmap", txs + b"\xbf\x01\xff", "NotWellFormed", len(txs) + 2)
    yield reject(request, "window above 16 bits", txs + put({65536: 1}), "IntegerOutOfRange", len(txs) + 1)
    yield reject(request, "bitmap is bytes", txs + put({0: b"12345678"}), "TypeMismatch", len(txs) + 2)
    yield reject(request, "no bit", txs + put({0: 1, 1: 0}), "ZeroBitmap", len(txs) + 4)
    yield reject(request, "windows descend, indefinite", txs + put(OpenMap({7: 1, 6: 1})), "WindowsNotAscending", len(txs) + 3)
    yield reject(request, "issuer above 16 bits", [1, 0, [[2, 0, 65536]]], "IntegerOutOfRange", 7)
    yield reject(reply, "no news, indefinite", [1, 0, True, Open([])], "EmptyList", 4)
    yield reject(reply, "flag is null", [1, 0, None, [[3, 0, 0]]], "TypeMismatch", 3)
    yield reject(reply, "flag in two bytes", b"\x84\x01\x00\xf8\x15\x81", "NotWellFormed", 3)
    yield reject(reply, "unknown notification", [1, 0, True, [[4, 0]]], "UnknownMessage", 6)
    yield reject(reply, "unknown deliverable", [2, 0, [[3, 0]]], "UnknownMessage", 5)
    yield reject(reply, "header without tag", [1, 0, True, [[0, [7, b""]]]], "TypeMismatch", 9)
    yield reject(reply, "header with another tag", [1, 0, True, [[0, [7, cbor2.CBORTag(25, b"")]]]], "TypeMismatch", 9)
    yield reject(reply, "header of three", [1, 0, True, [[0, [7, 0, 0]]]], "BadArity", 7)
    yield reject(reply, "empty block", [2, 0, [[0, {}]]], "EmptyList", 6)
    yield reject(reply, "block of indefinite length", [2, 0, [[0, OpenMap({HASH: 1})]]], "BadArity", 6)
    yield reject(reply, "size above 32 bits", [2, 0, [[0, {HASH: 2**32}]]], "IntegerOutOfRange", 41)
    twice = b"\x83\x02\x00\x81\x82\x00\xa3" + put(HASH) + put(1) + put(OTHER) + put(1) + put(HASH) + put(2)
    yield reject(reply, "reference twice", twice, "DuplicateTxReference", 77)
    yield reject(reply, "no transactions", [2, 0, [[1, point, {0: [1, []]}]]], "EmptyList", 47)
    yield reject(reply, "no transactions, indefinite", [2, 0, [[1, point, {0: [1, Open([])]}]]], "EmptyList", 47)
    yield reject(reply, "too many transactions", [2, 0, [[1, point, {0: [1, [b"", b""]]}]]], "BitmapCountMismatch", 47)
    yield reject(reply, "too many transactions, indefinite", [2, 0, [[1, point, {0: [1, Open([b"", b""])]}]]], "BitmapCountMismatch", 47)
    yield reject(reply, "too few transactions, indefinite", [2, 0, [[1, point, {0: [3, Open([b""])]}]]], "BitmapCountMismatch", 47)
    yield reject(reply, "transaction is text", [2, 0, [[1, point, {0: [1, ["a"]]}]]], "TypeMismatch", 48)
    yield reject(reply, "no windows", [2, 0, [[1, point, {}]]], "EmptyBitmapMap", 43)
    yield reject(reply, "delivered window descends", [2, 0, [[1, point, {1: [1, [b""]], 0: [1, [b""]]}]]], "WindowsNotAscending", 49)
    yield reject(reply, "vote of three", [2, 0, [[2, [0, HASH, 0]]]], "BadArity", 6)
    yield reject(reply, "signature of 49 bytes", [2, 0, [[2, [0, HASH, 0, SIGNATURE + b"x"]]]], "BadSignatureLength", 43)
    yield reject(reply, "vote of 98 bytes", [2, 0, [[2, [BIG, HASH, Wide(9, 4), Wide(SIGNATURE, 1)]]]], "TooLarge", 6)
    yield reject(naive, "unknown", [12], "UnknownMessage", 1)
    yield reject(naive, "index above 16 bits", [7, point, 65536], "IntegerOutOfRange", 39)
    data = [1, False, 0, False]
    yield reject("Handshake", "versions of indefinite length", [0, OpenMap({14: data})], "BadArity", 2)
    yield reject("Handshake", "versions descend", [0, {15: data, 14: data}], "KeysNotAscending", 9)
    yield reject("Handshake", "peer sharing 2", [1, 15, [1, False, 2, False]], "IntegerOutOfRange", 6)
    yield reject("Handshake", "data of three", [1, 15, [1, False, 0]], "BadArity", 3)
    yield reject("Handshake", "magic above 32 bits", [1, 15, [2**32, False, 0, False]], "IntegerOutOfRange", 4)
    yield reject("Handshake", "deep data", b"\x82\x00\xa1\x01" + b"\x81" * 65 + b"\x00", "TooDeep", 4 + 65)
    yield reject("Handshake", "broken text", b"\x82\x02\x83\x01\x0f\x61\xff", "NotWellFormed", 5)
    yield reject("KeepAlive", "cookie above 16 bits", [0, 65536], "IntegerOutOfRange", 2)


if __name__ == "__main__":
    json.dump({"accept": list(accepted()), "reject": list(rejected())}, sys.stdout, indent=1)
    sys.stdout.write("\n")
