"""Runs wptserve on a folder, over HTTP/1.1 and HTTP/2, until it is killed or its life is over.

Arguments: one JSON object, {"root", "certificate", "key", "browser_host", "alternate_hosts", "subdomains",
"not_subdomains", "life"}; `life` is in seconds. Prints {"http": PORT, "h2": PORT} once both ports are open.
"""

import json
import logging
import os
import sys
import threading

from wptserve import server
from wptserve.config import ConfigBuilder
from wptserve.request import Server

def start(plan, **more):
    httpd = server.WebTestHttpd(host="127.0.0.1", port=0, doc_root=plan["root"], **more)
    httpd.start()
    return httpd


def main():
    plan = json.loads(sys.argv[1])
    # It burns CPU for ever after a connection that ends without GOAWAY, and its parent may die before it can kill it.
    death = threading.Timer(plan["life"], lambda: os._exit(3))
    death.start()
    logging.disable(logging.CRITICAL)
    h1 = start(plan)
    h2 = start(plan, handler_cls=server.Http2WebTestRequestHandler, use_ssl=True, http2=True,
               key_file=plan["key"], certificate=plan["certificate"])
    # The ports are known only now. One configuration serves both: it hangs on the class.
    builder = ConfigBuilder(logging.getLogger(), browser_host=plan["browser_host"],
                            alternate_hosts=plan["alternate_hosts"], doc_root=plan["root"],
                            subdomains=set(plan["subdomains"]), not_subdomains=set(plan["not_subdomains"]),
                            ports={"http": [h1.port], "h2": [h2.port]})
    Server.config = builder.__enter__()
    print(json.dumps({"http": h1.port, "h2": h2.port}), flush=True)
    death.join()


main()
