"""`bucketdrive link`."""

from pathlib import Path

import click

from bucketdrive.cli import options, output


@click.command(
    epilog=options.epilog(
        "bucketdrive link s3://my-bucket/photos ~/Photos",
        "bucketdrive link s3://my-bucket ~/Drive --create-bucket --enable-versioning --profile home",
        codes=(0, 1, 2, 3, 5, 7),
    )
)
@click.argument("url", metavar="s3://BUCKET/PREFIX")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--device", metavar="NAME", default="", help="This device's name in the drive.  [default: host name]")
@click.option("--create-bucket", is_flag=True, help="Create the bucket if it is not there.")
@click.option("--enable-versioning", is_flag=True, help="Turn on versioning if the bucket does not keep versions.")
@click.option("--accept-expiration", is_flag=True, help="Link although a lifecycle rule deletes live files.")
@click.option("--profile", metavar="NAME", default="", help="Profile of the AWS configuration.")
@click.option("--region", metavar="NAME", default="", help="Region of the bucket.")
@click.option("--endpoint-url", metavar="URL", default="", help="Address of a store other than AWS.")
@options.as_json
def command(*, as_json: bool, **given: object) -> None:
    """Make FOLDER and a bucket prefix a drive, or join the drive that is there.

    The folder is made if it is not there. Nothing is uploaded or downloaded yet: that is `bucketdrive start`, or `sync`
    once. Files that are the same on both sides will be adopted without moving a byte.
    """
    from bucketdrive.drive.link import LinkOptions, link  # noqa: PLC0415  it brings the SDK with it

    report = link(LinkOptions(**given))  # type: ignore[arg-type]  # the options above are its fields
    if as_json:
        output.show_json(report.to_json())
        return
    verb = "Created the drive" if report.is_new else "Joined the drive"
    output.say(output.safe(f"{verb} {report.drive} in {report.folder}, as {report.device}."))
    for note in report.notes:
        output.tell(output.safe(note))
    output.hint(f"bucketdrive start {report.folder}, or once: bucketdrive sync {report.folder}")
