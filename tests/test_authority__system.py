from __future__ import annotations

import json

from natsauth.authority._system import monitoring_exports
from natsauth.claims import Account
from tests._store import NSC_STORE


def test_the_exports_are_those_of_nsc() -> None:
    file = NSC_STORE / "expected" / "describe-account-SYS.json"
    nsc = json.loads(file.read_text("utf-8"))["nats"]["exports"]
    made = Account(exports=monitoring_exports())
    assert json.loads(_json(made))["exports"] == nsc


def _json(body: Account) -> str:
    from natsauth._wire import write_document

    return write_document(body)
