"""Makes UnaryCalls of gRPC's test service in clear text, as its interop clients do, and prints one JSON line: for each
call its status and the octets of the payload.

    grpc_unary.py HOST:PORT [--before N] [--at-once N] [--max-time S]

First N calls one after the other (default 1), then N at once (default 0).
"""
import argparse
import json

import grpc

METHOD = "/grpc.testing.TestService/UnaryCall"
RESPONSE_SIZE = 314159
PAYLOAD = 271828


def varint(value):
    octets = bytearray()
    while value > 0x7F:
        octets.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(octets + bytes([value]))


def field(number, content):
    return bytes([number << 3 | 2]) + varint(len(content)) + content


# SimpleRequest { response_size, payload: { body } } and SimpleResponse { payload: { body } } of messages.proto.
REQUEST = b"\x10" + varint(RESPONSE_SIZE) + field(3, field(2, bytes(PAYLOAD)))
RESPONSE = field(1, field(2, bytes(RESPONSE_SIZE)))


def outcome(call):
    try:
        response = call.result()
        size = RESPONSE_SIZE if response == RESPONSE else None
        return {"status": "OK", "size": size, "detail": ""}
    except grpc.RpcError as error:
        return {"status": error.code().name, "size": None, "detail": error.details()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("target")
    parser.add_argument("--before", type=int, default=1)
    parser.add_argument("--at-once", type=int, default=0)
    parser.add_argument("--max-time", type=float, default=20)
    arguments = parser.parse_args()
    with grpc.insecure_channel(arguments.target) as channel:
        unary = channel.unary_unary(METHOD)
        calls = [outcome(unary.future(REQUEST, timeout=arguments.max_time)) for _ in range(arguments.before)]
        together = [unary.future(REQUEST, timeout=arguments.max_time) for _ in range(arguments.at_once)]
        calls += [outcome(call) for call in together]
    print(json.dumps({"version": grpc.__version__, "calls": calls}))


main()
