"""The HTTP inbox: partners push signed messages, which lie as files in the source's folder once they are answered.

    POST /inbox/<source> --verify--> body --> fsync --> recorded in the store --> renamed into inbox/<source>/ --> 202

A room and a process of its own: partners' systems reach this address and nothing of the pages, and the pages' load is not theirs.
"""

from inbox.app import make_inbox
from inbox.keys import InboxKey, add_key, list_keys, revoke_keys, rotate_key
from inbox.server import serve_inbox

__all__ = ["InboxKey", "add_key", "list_keys", "make_inbox", "revoke_keys", "rotate_key", "serve_inbox"]
