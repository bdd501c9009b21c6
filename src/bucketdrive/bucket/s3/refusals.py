"""What a store's refusals and broken connections mean to us: the one place where vendors' error codes are named."""

from dataclasses import dataclass

from bucketdrive.errors import (
    AccessDeniedError,
    BucketDriveError,
    ConditionFailedError,
    CredentialsError,
    DriveError,
    ItemError,
    NameRefusedError,
    NoSuchBucketError,
    NoSuchObjectError,
    TransientError,
    UnavailableError,
    UnfitStoreError,
    UnknownOutcomeError,
)

_BAD_CREDENTIALS = frozenset(
    {
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidToken",
        "InvalidClientTokenId",
        "TokenRefreshRequired",
        "InvalidSecurity",
        "UserSuspended",
    }
)
_NOT_DONE = frozenset({"SlowDown", "ServiceUnavailable", "Busy", "ThrottlingException", "TooManyRequests"})
_NOT_TAKEN_IN = frozenset(
    {"BadDigest", "XAmzContentSHA256Mismatch", "IncompleteBody", "RequestTimeout", "OperationAborted"}
)
"""Refusals of one transmission, not of the request."""
_WRONG_REGION = frozenset(
    {"PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"}
)
_BAD_NAME = frozenset({"KeyTooLongError", "KeyTooLong", "XMinioInvalidObjectName", "InvalidObjectName", "InvalidURI"})
_NO_ROOM = frozenset({"QuotaExceeded", "XMinioStorageFull", "InsufficientStorage"})
_ABSENT = frozenset({"NoSuchKey", "NoSuchVersion", "NoSuchUpload", "NotFound", "NoSuchLifecycleConfiguration"})


@dataclass(frozen=True, slots=True)
class Intent:
    """What a request was about, as far as its failure is concerned.

    `is_write`: it may have changed something once it was sent. `expects_version`: a 404 means that its condition fails.
    """

    method: str
    key: str = ""
    is_write: bool = False
    expects_version: bool = False
    pins_version: bool = False

    @property
    def words(self) -> str:
        """For messages."""
        return f"{self.method} {self.key}" if self.key else f"{self.method} of the bucket"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reply that is not a success; `code` and `message` as S3's error document has them, or empty."""

    status: int
    code: str = ""
    message: str = ""
    retry_after_s: float = 0.0
    is_delete_marker: bool = False
    region: str = ""

    @property
    def words(self) -> str:
        """For messages."""
        return " ".join(filter(None, (str(self.status), self.code, f"({self.message})" if self.message else "")))


def error_for(refusal: Refusal, intent: Intent) -> BucketDriveError:
    """The error to raise for a refusal."""
    for meaning in (_about_place, _about_rights, _about_condition, _about_absence, _about_now):
        if error := meaning(refusal, intent):
            return error
    return _about_request(refusal, intent)


def error_for_silence(intent: Intent, why: str) -> TransientError:
    """The request was sent and no reply was understood."""
    if intent.is_write:
        return UnknownOutcomeError(
            f"{intent.words}: no reply ({why}). It is not known whether it was done.", path=intent.key
        )
    return UnavailableError(f"{intent.words}: no reply ({why}). Nothing was read.", path=intent.key)


def error_for_no_contact(intent: Intent, endpoint: str, why: str) -> UnavailableError:
    """The request was never sent."""
    hint = "Check the network and the endpoint."
    if "certificate" in why.lower():
        hint = "The store's certificate is not trusted here; AWS_CA_BUNDLE names a file of trusted certificates."
    return UnavailableError(
        f"The store at {endpoint} cannot be reached ({why}). Nothing was done.", hint=hint, path=intent.key
    )


def _about_place(refusal: Refusal, intent: Intent) -> DriveError | None:
    if refusal.code == "NoSuchBucket" or (refusal.status == 404 and intent.method == "HEAD" and not intent.key):
        return NoSuchBucketError(
            "The bucket does not exist. Nothing was done.", hint="Check its name and the endpoint."
        )
    if refusal.code in _WRONG_REGION or refusal.status in {301, 307}:
        where = f"in region {refusal.region}" if refusal.region else "in another region"
        return DriveError(
            f"The bucket is {where} ({refusal.words}). Nothing was done.", hint="Name it with --region or AWS_REGION."
        )
    if refusal.code in _NO_ROOM or refusal.status == 507:
        return DriveError(f"The store has no room left ({refusal.words}). Nothing was written.")
    return None


def _about_rights(refusal: Refusal, intent: Intent) -> DriveError | None:
    if refusal.code == "RequestTimeTooSkewed":
        return CredentialsError(
            "The store refuses requests made at this machine's time. Nothing was done.", hint="Set the clock right."
        )
    if refusal.code in _BAD_CREDENTIALS:
        return CredentialsError(
            f"The store does not take these credentials ({refusal.words}). Nothing was done.",
            hint="Renew or correct them; they come from the AWS chain (environment, profile, login).",
        )
    if refusal.status in {401, 403}:
        return AccessDeniedError(
            f"{intent.words} is denied ({refusal.words}). Nothing was done.",
            hint="The credentials lack this permission on the bucket, or were withdrawn.",
        )
    return None


def _about_condition(refusal: Refusal, intent: Intent) -> ConditionFailedError | None:
    if refusal.status in {409, 412} and refusal.code not in _NOT_TAKEN_IN:
        return ConditionFailedError(f"{intent.words}: the condition does not hold. Nothing was done.", path=intent.key)
    if refusal.status == 404 and intent.expects_version and refusal.code not in {"NoSuchUpload", "NoSuchVersion"}:
        return ConditionFailedError(f"{intent.words}: nothing live is there. Nothing was done.", path=intent.key)
    return None


def _about_absence(refusal: Refusal, intent: Intent) -> NoSuchObjectError | None:
    status, code = refusal.status, refusal.code
    is_marker = refusal.is_delete_marker or (status == 405 and not intent.is_write)
    is_absent = status == 404 and (code in _ABSENT or intent.method == "HEAD")
    is_no_version = status == 400 and (
        (intent.pins_version and code in {"InvalidArgument", "NoSuchVersion"}) or "delete marker" in refusal.message
    )
    if is_marker or is_absent or is_no_version:
        return NoSuchObjectError(
            f"{intent.words}: not there ({refusal.words}).", path=intent.key, is_delete_marker=is_marker
        )
    return None


def _about_now(refusal: Refusal, intent: Intent) -> TransientError | None:
    if refusal.status in {429, 503} or refusal.code in _NOT_DONE or refusal.code in _NOT_TAKEN_IN:
        return UnavailableError(
            f"{intent.words}: not now ({refusal.words}). Nothing was done.",
            path=intent.key,
            retry_after_s=refusal.retry_after_s,
        )
    if refusal.status >= 500 and refusal.status != 501:
        return error_for_silence(intent, refusal.words)
    return None


def _about_request(refusal: Refusal, intent: Intent) -> BucketDriveError:
    if refusal.status in {405, 501}:
        return UnfitStoreError(f"The store cannot do {intent.words} ({refusal.words}). Nothing was done.")
    if refusal.code in _BAD_NAME:
        return NameRefusedError(f"The store refuses the name ({refusal.words}). Nothing was done.", path=intent.key)
    if refusal.status == 404:
        return DriveError(
            f"{intent.words}: 404 without S3's error document. Nothing was done.", hint="Is the endpoint an S3 store?"
        )
    message = f"{intent.words} is refused ({refusal.words}). Nothing was done."
    return ItemError(message, path=intent.key) if intent.key else DriveError(message)
