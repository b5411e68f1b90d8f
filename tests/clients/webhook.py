"""Takes Muara's events by webhook: checks who sent it, keeps it once, answers, and works on it afterwards.

    MUARA_SECRET=whsec_... python webhook.py

MUARA_LISTEN is where it listens (127.0.0.1:9000), MUARA_INBOX the file that keeps what came (inbox.db).
"""

import json
import os
import sqlite3
import threading
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cloudevents.core.formats.json import JSONFormat
from standardwebhooks import Webhook, WebhookVerificationError

MOST_BYTES = 128 * 1024  # An event has 64 KiB at most.
HOST, PORT = os.environ.get("MUARA_LISTEN", "127.0.0.1:9000").rsplit(":", 1)
secret = Webhook(os.environ["MUARA_SECRET"])
something_came = threading.Event()


def inbox():
    db = sqlite3.connect(os.environ.get("MUARA_INBOX", "inbox.db"), timeout=10)
    db.execute("create table if not exists inbox (place integer primary key autoincrement, id text unique, body text)")
    return closing(db)


def handle(event):
    """What the application does. After a crash an event may come here again, so the same twice has to be as good as once."""
    print(json.dumps({
        "id": event.get_id(),
        "type": event.get_type(),
        "subject": event.get_subject(),
        "sequence": event.get_extension("sequence"),
        "data": event.get_data(),
    }), flush=True)


def work():
    with inbox() as db:
        while True:
            something_came.clear()
            for place, body in db.execute("select place, body from inbox where body is not null order by place").fetchall():
                handle(JSONFormat().read(None, body))
                with db:  # The id stays, so that the event is known when it comes again.
                    db.execute("update inbox set body = null where place = ?", [place])
            something_came.wait()


class Endpoint(BaseHTTPRequestHandler):
    timeout = 30

    def do_POST(self):
        length = int(self.headers.get("content-length") or 0)
        if length > MOST_BYTES:
            return self.answer(413)
        body = self.rfile.read(length)
        try:
            secret.verify(body, dict(self.headers))
        except (WebhookVerificationError, ValueError):
            return self.answer(401)
        event = JSONFormat().read(None, body)
        with inbox() as db, db:
            if event.get_type() == "muara.subscription.resync.v1":
                db.execute("delete from inbox")  # Everything follows, also what was seen.
            db.execute("insert or ignore into inbox (id, body) values (?, ?)", [event.get_id(), body.decode()])
        self.answer(204)
        something_came.set()

    def answer(self, status):
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


threading.Thread(target=work, daemon=True).start()
ThreadingHTTPServer((HOST, int(PORT)), Endpoint).serve_forever()
