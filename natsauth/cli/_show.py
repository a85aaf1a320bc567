"""How tokens of the store are shown: as tables, JSON, one field, or as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from natsauth._files import write_file
from natsauth._redact import without_seeds
from natsauth.cli._describe import describe
from natsauth.cli._hints import picture_of
from natsauth.cli._options import options
from natsauth.cli._output import json_text, path_text
from natsauth.cli._tokens import armoured, field_text, payload_of
from natsauth.cli._tokens import field as field_of

if TYPE_CHECKING:
    from natsauth.claims import UserScope
    from natsauth.cli._describe_account import NameOf
    from natsauth.cli._session import Session
    from natsauth.token import Token

described = options(
    click.option("-F", "--field", metavar="PATH", help="One field, as in nats.signing_keys[0]."),
    click.option("-R", "--raw", is_flag=True, help="The token itself; a --field without quotes."),
    click.option("-o", "--output-file", metavar="FILE", help="Write to a file; -- is the screen."),
    click.option("-W", "--long-ids", is_flag=True, help="Public keys in place of names."),
)


def show_described(
    session: Session,
    token: Token[Any],
    *,
    name_of: NameOf,
    scope: UserScope | None = None,
    field: str | None,
    raw: bool,
    output_file: str | None,
    long_ids: bool,
) -> None:
    """Show a token as the options of :data:`described` say.

    Raises:
        NatsAuthError: There is no such field.
        FileError: The file exists, or cannot be written.
    """
    payload = payload_of(token.encoded)
    to_file = output_file not in (None, "--")
    if field:
        value = field_of(payload, field, type(token.claims))
        text = field_text(value, raw=raw)
    elif raw:
        text = armoured(token.encoded, token.claims.kind) if to_file else f"{token.encoded}\n"
        value = token.encoded
    else:
        tables = describe(token.claims, name_of=str if long_ids else name_of, scope=scope)
        text, value = "\n".join(table.render() for table in tables), payload
    if output_file is None or output_file == "--":
        session.output.show(value, text, show_seeds=field == "jti")  # which only looks like one
        if not (field or raw or session.output.json) and (hint := picture_of(token.claims)):
            session.output.note(hint)
        return
    text = json_text(value) if session.output.json else text
    write_file(output_file, without_seeds(text).encode())
    session.output.ok(f"wrote {token.claims.kind} to {path_text(output_file)}", file=output_file)
