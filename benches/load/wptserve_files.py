"""wptserve's HTTP/2 server on a folder: PORT FOLDER KEY CERTIFICATE."""

import sys
import threading

from wptserve import handlers, server

port, folder, key, certificate = int(sys.argv[1]), *sys.argv[2:]
config = {"browser_host": "127.0.0.1", "ports": {"h2": [port]}, "all_domains": {"": {"": "127.0.0.1"}}}
server.WebTestHttpd(
    host="127.0.0.1", port=port, doc_root=folder, use_ssl=True, http2=True, key_file=key, certificate=certificate,
    handler_cls=server.Http2WebTestRequestHandler, routes=[("GET", "*", handlers.file_handler)], config=config,
).start()
print("ready", flush=True)
threading.Event().wait()
