"""The keys requests are signed with, renewed by botocore where they expire (roles, logins)."""

from botocore.credentials import Credentials, ReadOnlyCredentials
from botocore.exceptions import BotoCoreError

from bucketdrive.errors import CredentialsError


def current_keys(credentials: Credentials) -> ReadOnlyCredentials:
    """Keys that are valid now. Cheap, but for a moment now and then in which they are renewed over the network.

    Raises:
        CredentialsError: they cannot be renewed.
    """
    try:
        return credentials.get_frozen_credentials()
    except (BotoCoreError, RuntimeError) as exc:  # RuntimeError: renewed, and expired still
        raise CredentialsError(
            f"The credentials cannot be renewed ({exc}). Nothing was done.", hint="Log in again."
        ) from exc
