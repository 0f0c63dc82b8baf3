"""A standard `logging.Handler` that writes records as `log` events."""

from __future__ import annotations

import logging

from .events import emit, exception_fields
from .failures import is_reported


def severity_of(level: int) -> str:
    """The contract's severity of a numeric level; levels between two names count as the lower one."""
    for lowest, severity in ((50, "FATAL"), (40, "ERROR"), (30, "WARN"), (20, "INFO"), (10, "DEBUG")):
        if level >= lowest:
            return severity
    return "TRACE"


class EventHandler(logging.Handler):
    """Writes each record as a `log` event: `logging.getLogger().addHandler(EventHandler())`.

    The message becomes `body`; an exception its `exception.*` fields.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record. Never raises; a message that can't be formatted is written unformatted."""
        try:
            body = record.getMessage()
        except Exception:  # logging's own way would print a traceback of the mistake to standard error
            body = f"{record.msg!r} (arguments do not fit)"
        fields: dict[str, object] = {"log.logger": record.name}
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and not is_reported(error):
            fields.update(exception_fields(error))
        emit("log", fields, severity_of(record.levelno), body)
