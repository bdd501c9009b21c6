"""`bucketdrive completion`."""

import click
from click.shell_completion import get_completion_class

from bucketdrive.cli import options, output
from bucketdrive.errors import InternalError


@click.command(
    epilog=options.epilog(
        'eval "$(bucketdrive completion bash)"        # in ~/.bashrc',
        "bucketdrive completion fish > ~/.config/fish/completions/bucketdrive.fish",
        codes=(0, 2),
    )
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print a script that completes commands in your shell."""
    completion = get_completion_class(shell)
    if completion is None:
        raise InternalError(f"There is no completion for {shell}. Nothing was printed.")
    output.say(completion(context.find_root().command, {}, "bucketdrive", "_BUCKETDRIVE_COMPLETE").source())
