"""`bucketdrive service`."""

import click

from bucketdrive.cli import options, output


@click.command(
    epilog=options.epilog(
        "bucketdrive service install",
        "bucketdrive service install --dry-run        # print the unit",
        "bucketdrive service status --json",
        codes=(0, 1, 2),
    )
)
@click.argument("action", type=click.Choice(["install", "status", "uninstall"]))
@options.dry_run
@options.as_json
def command(action: str, *, dry_run: bool, as_json: bool) -> None:
    """Start the daemon with your session, by a systemd user unit that starts it again when it fails.

    The settings in BUCKETDRIVE_* variables, as they are now, go into the unit. Credentials do not: they come from where
    your AWS tools find them.
    """
    from bucketdrive.daemon import service  # noqa: PLC0415  --help does not need it

    if dry_run:
        output.say(
            service.own_unit() if action == "install" else f"Nothing was done. The unit is {service.unit_path()}."
        )
        return
    report = {"install": service.install, "status": service.look, "uninstall": service.uninstall}[action]()
    if as_json:
        output.show_json(report.to_json())
        return
    output.say(output.safe(f"{report.unit}: {'installed' if report.is_installed else 'not installed'}"))
    if report.enabled or report.active:
        output.say(f"  {report.enabled}, {report.active}")
    if report.to_do:
        output.hint(report.to_do)
