"""Checks every accepted message of messages.json against src/codec/leios/leios.cddl.

Uses zcbor, a validator that knows nothing of this project. Indefinite forms and wide integers are
the same values to it. For control, rejected values that the grammar alone can tell must not pass.
Run: python3 cddl_check.py [more files of the same form] (needs zcbor 0.9 and cbor2 before 5.7).
"""

import contextlib
import io
import json
import pathlib
import sys

import zcbor

HERE = pathlib.Path(__file__).resolve().parent
GRAMMAR = (HERE / "../../../src/codec/leios/leios.cddl").resolve().read_text()
ROOTS = {
    "LeiosRequest": "leiosRequestMessage",
    "LeiosReply": "leiosReplyMessage",
    "NaiveLeios": "naiveLeiosMessage",
    "Handshake": "handshakeMessage",
    "KeepAlive": "keepAliveMessage",
}
# What the grammar says; the other classes are about forms, order or counts.
BY_GRAMMAR = {
    "UnknownMessage",
    "EmptyList",
    "EmptyBitmapMap",
    "IntegerOutOfRange",
    "BadHashLength",
    "BadSignatureLength",
}


def main():
    rules = zcbor.DataTranslator.from_cddl(GRAMMAR, 100_000).my_types
    passed = refused = 0
    for file in [HERE / "messages.json", *map(pathlib.Path, sys.argv[1:])]:
        vectors = json.loads(file.read_text())
        for item in vectors["accept"]:
            rule = rules[ROOTS[item["protocol"]]]
            for text in [item["hex"], *item.get("also_accept", [])]:
                try:
                    rule.validate_str(bytes.fromhex(text))
                except zcbor.CddlValidationError as error:
                    raise SystemExit(f"{file.name}: {item['name']}: {error}")
                passed += 1
        for item in vectors["reject"]:
            if item["error"] not in BY_GRAMMAR:
                continue
            try:
                # It prints why; here that is expected.
                with contextlib.redirect_stdout(io.StringIO()):
                    rules[ROOTS[item["protocol"]]].validate_str(bytes.fromhex(item["hex"]))
            except zcbor.CddlValidationError:
                refused += 1
            else:
                raise SystemExit(f"{file.name}: {item['name']} passes the grammar")
    print(f"{passed} encodings pass the grammar, {refused} wrong ones don't")


if __name__ == "__main__":
    main()
