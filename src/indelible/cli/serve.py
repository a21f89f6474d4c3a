"""`indelible serve`: runs the service."""

from __future__ import annotations

from pathlib import Path

import click

from indelible.cli.data import data_option, read_settings


@click.command()
@data_option
@click.option("--host", help="Address to listen on (default 127.0.0.1).")
@click.option("--port", type=int, help="Port; 0 takes a free one and prints it (default 8080).")
@click.option("--public-url", help="Address under which people reach the service.")
@click.option("--root-path", help="Path prefix below a proxy, like /audit.")
@click.option("--trusted-proxies", help="Networks whose X-Forwarded headers are believed.")
@click.option("--tls-cert", help="Certificate chain (PEM).")
@click.option("--tls-key", help="Private key (PEM).")
@click.option("--log-level", help="debug, info, warning or error.")
@click.option("--log-format", help="text or json.")
def serve(data_dir: Path, log_level: str | None, log_format: str | None, **options: object) -> int:
    """Run the service on a data folder. The first line on stdout is its address."""
    from indelible.server.app import serve as run

    command_line = {f"service.{name}": value for name, value in options.items()}
    command_line |= {"log.level": log_level, "log.format": log_format}
    data_dir = data_dir.absolute()
    return run(data_dir, read_settings(data_dir, command_line))
