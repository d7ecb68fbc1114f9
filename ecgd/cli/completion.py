"""ecgctl completion: the script that teaches a shell ecgctl's words."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    \b
    bash: eval "$(ecgctl completion bash)"         in ~/.bashrc
    zsh:  eval "$(ecgctl completion zsh)"          in ~/.zshrc
    fish: ecgctl completion fish | source          in ~/.config/fish/config.fish
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"click knows no completion for {shell}")
    click.echo(kind(ctx.find_root().command, {}, "ecgctl", "_ECGCTL_COMPLETE").source())
