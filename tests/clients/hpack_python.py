"""The other end for hpack_python.rs: Python's package `hpack`.

Each line of standard input is a JSON object, answered by one line. One decoder and one encoder live as long as the process.
  {"decode": HEX}                                        -> {"fields": [[HEX, HEX], ...]} or {"error": TEXT}
  {"encode": [[HEX, HEX], ...], "huffman": BOOL}         -> {"block": HEX}
  {"decoder_table_size": N}, {"encoder_table_size": N}   -> {}
"""

import json
import sys

import hpack


def decode(decoder, block):
    try:
        fields = decoder.decode(bytes.fromhex(block), raw=True)
    except hpack.HPACKError as error:
        return {"error": f"{type(error).__name__}: {error}"}
    return {"fields": [[bytes(field[0]).hex(), bytes(field[1]).hex()] for field in fields]}


def main():
    decoder, encoder = hpack.Decoder(max_header_list_size=1 << 30), hpack.Encoder()
    for line in sys.stdin:
        request = json.loads(line)
        answer = {}
        if "decode" in request:
            answer = decode(decoder, request["decode"])
        elif "encode" in request:
            fields = [(bytes.fromhex(name), bytes.fromhex(value)) for name, value in request["encode"]]
            answer = {"block": encoder.encode(fields, huffman=request["huffman"]).hex()}
        elif "decoder_table_size" in request:
            decoder.max_allowed_table_size = request["decoder_table_size"]
        elif "encoder_table_size" in request:
            encoder.header_table_size = request["encoder_table_size"]
        print(json.dumps(answer), flush=True)


main()
