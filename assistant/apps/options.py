"""Options that commands share."""

from typing import Annotated

import typer

Profile = Annotated[str | None, typer.Option("--profile", "-p", help="Which models to use: configs/PROFILE.yaml.")]
ConfigFiles = Annotated[
    list[str] | None,
    typer.Option("--config", "-c", metavar="FILE", help="Your own settings over the profile's; may be given again."),
]
Sets = Annotated[list[str] | None, typer.Option("--set", "-s", metavar="KEY=VALUE", help="One setting: -s vad.mode=3.")]
