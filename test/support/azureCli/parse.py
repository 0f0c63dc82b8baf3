"""Parses commands with the real Azure CLI as far as it goes without a login: names, options, choices, what is required.

Reads a JSON list of lists of arguments from the file that is named, and prints a JSON list of what is wrong with each,
empty for nothing. Nothing is sent.
"""

import contextlib
import io
import json
import sys

from azure.cli.core import get_default_cli


def parse(cli, args):
    invocation = cli.invocation_cls(
        cli_ctx=cli,
        parser_cls=cli.parser_cls,
        commands_loader_cls=cli.commands_loader_cls,
        help_cls=cli.help_cls,
    )
    cli.invocation = invocation
    loader = invocation.commands_loader
    loader.load_command_table(args)
    command = invocation._rudimentary_get_command(args)
    if command not in loader.command_table:
        return f"az has no command {command!r}"
    cli.data["command"] = invocation.data["command"] = invocation.data["command_string"] = command
    loader.command_name = command
    loader.command_table = {command: loader.command_table[command]}
    loader.load_arguments(command)
    invocation.parser.load_command_table(loader)
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
            invocation.parser.parse_args(args)
    except SystemExit:
        return said.getvalue() or "refused"
    return ""


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as commands:
        wanted = json.load(commands)
    cli = get_default_cli()
    json.dump([parse(cli, args) for args in wanted], sys.stdout)
