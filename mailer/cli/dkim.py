"""``dateline dkim``: new and show."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from mailer.cli.home import home
from mailer.cli.options import JsonOption
from mailer.cli.output import Form, out, say, show_document, show_list
from mailer.config import Config, Dkim, load
from mailer.delivery.dkim import Signer
from mailer.delivery.dkim_keys import Algorithm, make_key, save
from mailer.errors import BadOption

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command("new")
def new(
    selector: Annotated[str, typer.Argument(metavar="SELECTOR", help="The key's name in the DNS: press2026.")],
    *,
    algorithm: Annotated[
        Algorithm, typer.Option("--algorithm", help="rsa, which every receiver knows, or ed25519.")
    ] = Algorithm.RSA,
    domain: Annotated[
        str, typer.Option("--domain", help="Whose signature it is; the sender's domain where left out.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Make a key, and print its DNS record and the settings for it. Nothing is signed before those are in."""
    config = load(home())
    setting = _setting(config, selector, domain)
    key = make_key(algorithm)
    save(key, setting.key_file)
    signer = Signer(key, domain=setting.domain, selector=setting.selector)
    if as_json:
        show_document(_fields(signer, setting.key_file))
        return
    say("1. Have this TXT record put into the DNS:")
    _print(signer)
    say("2. When the DNS has it, add these lines to config/dateline.toml, and see: dateline check")
    out.print("[[dkim]]", markup=False)
    out.print(f'domain = "{signer.domain}"', markup=False)
    out.print(f'selector = "{signer.selector}"', markup=False)
    out.print(f'key_file = "{setting.key_file.relative_to(config.home).as_posix()}"', markup=False)
    say(f"3. Restart dateline run. {setting.key_file} is secret: whoever has it can write in your name.")


def _setting(config: Config, selector: str, domain: str) -> Dkim:
    """Checked as the settings are. Raises ``BadOption``."""
    domain = domain or config.sender.address.rpartition("@")[2]
    try:
        named = Dkim(domain=domain, selector=selector, key_file=Path())
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        option = str(first["loc"][0])
        raise BadOption(
            option="SELECTOR" if option == "selector" else f"--{option}",
            value=selector if option == "selector" else domain,
            allowed=first["msg"].removeprefix("Value error, "),
        ) from error
    file = config.keys_folder / f"{named.selector}.{named.domain}.pem"
    return named.model_copy(update={"key_file": file})


@app.command("show")
def show(*, as_json: JsonOption = False) -> None:
    """Print the DNS records of the keys in the settings."""
    config = load(home())
    signers = [(Signer.of(setting), setting.key_file) for setting in config.dkim]
    if as_json:
        show_list((_fields(*pair) for pair in signers), (), form=Form.JSON, zone=config.office.zone, empty="")
        return
    for signer, file in signers:
        say(f"{file} ({signer.algorithm}{', retired' if signer.retired else ''}):")
        _print(signer)
    if not signers:
        say("There are no keys in the settings: dateline dkim new SELECTOR")


def _print(signer: Signer) -> None:
    record = signer.record
    out.print(f"name   {record.name}", markup=False)
    out.print(f"value  {record.value}", markup=False)
    say("The same as a line of a zone file:")
    out.print(record.zone_line, markup=False)


def _fields(signer: Signer, file: Path) -> Mapping[str, object]:
    record = signer.record
    return {
        "domain": signer.domain,
        "selector": signer.selector,
        "algorithm": signer.algorithm.value,
        "key_file": str(file),
        "retired": signer.retired,
        "record_name": record.name,
        "record_value": record.value,
        "record_strings": record.strings,
    }
