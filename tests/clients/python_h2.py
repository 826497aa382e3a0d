"""Fetches one URL in clear text with hyper-h2 and prints one JSON line of what happened.

--upload N       sends N octets of body
--streams N      that many requests over the one connection
--window-zero    announces SETTINGS_INITIAL_WINDOW_SIZE 0, waits for the response's head and a PING's answer, then opens the window
--idle           sends PING and SETTINGS on a connection without streams and reports their acknowledgements
--serve          alone: the arguments of each fetch come as a line of JSON
"""
import argparse
import hashlib
import json
import socket
import sys
import time
from urllib.parse import urlsplit

import h2
import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings


def text(value):
    return value.decode("latin-1") if isinstance(value, bytes) else value


def pairs(headers):
    return [[text(name), text(value)] for name, value in headers]


class Run:
    def __init__(self, arguments):
        self.arguments = arguments
        self.url = urlsplit(arguments.url)
        self.deadline = time.monotonic() + arguments.max_time
        self.outcome = {
            "client": "python-h2", "version": h2.__version__, "result": None, "code": None, "by": None, "status": None,
            "headers": [], "informational": [], "trailers": [], "pushes": [], "body_octets": 0, "body_sha256": None,
            "detail": "", "events": [], "data_frames": 0, "empty_data_frames": 0, "complete_streams": 0,
            "ping_acks": 0, "settings_acks": 0,
        }
        self.hash = hashlib.sha256()
        self.uploads = {}
        self.open = set()
        self.connection = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=True, header_encoding=None))

    def finish(self, result, code=None, by=None, detail=""):
        if self.outcome["result"] is None:
            self.outcome.update(result=result, code=code, by=by, detail=detail)

    def start(self):
        self.socket = socket.create_connection((self.url.hostname, self.url.port), timeout=self.arguments.max_time)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connection.initiate_connection()
        if self.arguments.window_zero:
            self.connection.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 0})
        if self.arguments.idle:
            self.connection.ping(b"idle-one")
            self.flush()
            return
        extra = [tuple(header.split(":", 1)) for header in self.arguments.header]
        for _ in range(self.arguments.streams):
            stream = self.connection.get_next_available_stream_id()
            fields = [(":method", self.arguments.method), (":scheme", "http"), (":authority", self.url.netloc),
                      (":path", (self.url.path or "/") + ("?" + self.url.query if self.url.query else ""))] + extra
            self.connection.send_headers(stream, fields, end_stream=not self.arguments.upload)
            self.open.add(stream)
            if self.arguments.upload:
                self.uploads[stream] = self.arguments.upload
        self.flush()

    def flush(self):
        octets = self.connection.data_to_send()
        if octets:
            self.socket.sendall(octets)

    def upload(self):
        for stream in list(self.uploads):
            while stream in self.uploads:
                try:
                    window = self.connection.local_flow_control_window(stream)
                except h2.exceptions.StreamClosedError:
                    del self.uploads[stream]
                    break
                size = min(window, self.connection.max_outbound_frame_size, self.uploads[stream])
                if size <= 0:
                    break
                self.uploads[stream] -= size
                last = self.uploads[stream] == 0
                self.connection.send_data(stream, b"u" * size, end_stream=last)
                if last:
                    del self.uploads[stream]
            self.flush()

    def done(self):
        if self.arguments.idle:
            return self.outcome["ping_acks"] >= 2 and self.outcome["settings_acks"] >= 2
        return not self.open

    def event(self, event):
        outcome = self.outcome
        if len(outcome["events"]) < 64:
            outcome["events"].append(type(event).__name__)
        if isinstance(event, h2.events.InformationalResponseReceived):
            headers = pairs(event.headers)
            outcome["informational"].append({"status": int(dict(map(tuple, headers))[":status"]), "headers": headers})
        elif isinstance(event, h2.events.ResponseReceived):
            headers = pairs(event.headers)
            outcome["headers"] = headers
            status = dict(map(tuple, headers)).get(":status")
            outcome["status"] = int(status) if status and status.isdigit() else None
            if self.arguments.window_zero:
                self.connection.ping(b"head-out")
        elif isinstance(event, h2.events.DataReceived):
            outcome["data_frames"] += 1
            outcome["empty_data_frames"] += not event.data and event.stream_ended is None
            outcome["body_octets"] += len(event.data)
            self.hash.update(event.data)
            if event.flow_controlled_length:
                self.connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.TrailersReceived):
            outcome["trailers"] = pairs(event.headers)
        elif isinstance(event, h2.events.PushedStreamReceived):
            outcome["pushes"].append({"stream": event.pushed_stream_id, "headers": pairs(event.headers)})
        elif isinstance(event, h2.events.StreamEnded):
            outcome["complete_streams"] += event.stream_id in self.open
            self.open.discard(event.stream_id)
        elif isinstance(event, h2.events.StreamReset):
            self.uploads.pop(event.stream_id, None)
            if event.stream_id not in self.open and event.error_code == h2.errors.ErrorCodes.NO_ERROR:
                return  # the answer was complete before it (RFC 9113 section 8.1)
            self.open.discard(event.stream_id)
            self.finish("stream-error", int(event.error_code), "server" if event.remote_reset else "client",
                        f"stream {event.stream_id} reset")
        elif isinstance(event, h2.events.ConnectionTerminated):
            outcome["goaway"] = {"code": int(event.error_code), "last_stream_id": event.last_stream_id,
                                 "debug": text(event.additional_data or b"")}
            if event.error_code or any(stream > event.last_stream_id for stream in self.open):
                self.finish("connection-error", int(event.error_code), "server", "GOAWAY")
        elif isinstance(event, h2.events.PingAckReceived):
            outcome["ping_acks"] += 1
            if self.arguments.idle and event.ping_data == b"idle-one":
                self.connection.update_settings({h2.settings.SettingCodes.MAX_FRAME_SIZE: 16385})
                self.connection.ping(b"idle-two")
            if event.ping_data == b"head-out":
                self.connection.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 65535})
        elif isinstance(event, h2.events.SettingsAcknowledged):
            outcome["settings_acks"] += 1

    def run(self):
        self.start()
        while not self.done() and self.outcome["result"] is None:
            left = self.deadline - time.monotonic()
            if left <= 0:
                return self.finish("timeout")
            self.upload()
            self.socket.settimeout(left)
            try:
                octets = self.socket.recv(65536)
            except TimeoutError:
                return self.finish("timeout")
            except OSError as error:
                return self.finish("other", detail=str(error))
            if not octets:
                return self.finish("other", detail="connection closed by the server")
            try:
                events = self.connection.receive_data(octets)
            except h2.exceptions.ProtocolError as error:
                code = getattr(error, "error_code", h2.errors.ErrorCodes.PROTOCOL_ERROR)
                self.finish("connection-error", int(code), "client", f"{type(error).__name__}: {error}")
                try:
                    self.flush()
                except OSError:
                    pass
                return
            for event in events:
                self.event(event)
            try:
                self.flush()
            except OSError:
                pass
        self.finish("complete")

    def close(self):
        self.outcome["body_sha256"] = self.hash.hexdigest()
        try:
            self.connection.close_connection()
            self.flush()
        except (h2.exceptions.H2Error, OSError):
            pass
        self.socket.close()


def fetch(line):
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--method", default="GET")
    parser.add_argument("--header", action="append", default=[])
    parser.add_argument("--max-time", type=float, default=10)
    parser.add_argument("--upload", type=int, default=0)
    parser.add_argument("--streams", type=int, default=1)
    parser.add_argument("--window-zero", action="store_true")
    parser.add_argument("--idle", action="store_true")
    run = Run(parser.parse_args(line))
    try:
        run.run()
        run.close()
    except Exception as error:  # reported, whatever it is: an uncaught one is the library's behaviour too
        run.finish("other", detail=f"{type(error).__name__}: {error}")
    return run.outcome


if sys.argv[1:] == ["--serve"]:
    for line in sys.stdin:
        print(json.dumps(fetch(json.loads(line))), flush=True)
else:
    print(json.dumps(fetch(sys.argv[1:])))
