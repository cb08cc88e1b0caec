"""How a profile or the environment signs in, read from the environment and AWS's files, without any call.

The order is botocore's (botocore.credentials.create_credential_resolver): keys in the environment, unless a
profile is named; then the profile; then the machine's own role.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from wizard.text import printable

DEFAULT = "default"
"""The profile that is used if none is named."""
PROFILE_VARIABLES = ("AWS_DEFAULT_PROFILE", "AWS_PROFILE")
"""The variables that name a profile, the preferred one first."""


class Kind(StrEnum):
    """The source of the credentials."""

    ENVIRONMENT = "keys in the environment"
    ROLE = "a role"
    WEB_IDENTITY = "a web identity token"
    SSO = "IAM Identity Center"
    LOGIN = "aws login"
    KEYS = "keys in AWS's files"
    PROGRAM = "a credential program"
    MACHINE = "this machine's own role"
    NOTHING = "unknown"


@dataclass(frozen=True, slots=True)
class SignIn:
    """How ``profile`` (empty for the environment's keys) signs in.

    For a role: ``role`` is its name, ``source`` the sign-in of the caller that assumes it, ``device`` the MFA
    device that it requires.
    """

    kind: Kind
    profile: str = ""
    role: str = ""
    source: SignIn | None = None
    device: str = ""

    @property
    def command(self) -> tuple[str, ...]:
        """The command that signs in again; empty if no single command does."""
        named = () if self.profile == DEFAULT else ("--profile", self.profile)
        match self.kind:
            case Kind.SSO:
                return ("aws", "sso", "login", *named)
            case Kind.LOGIN:
                return ("aws", "login", *named)
        return self.source.command if self.source else ()

    @property
    def words(self) -> str:
        """The whole chain, for the screen."""
        if self.kind is Kind.ENVIRONMENT:
            return "keys in the environment (AWS_ACCESS_KEY_ID)"
        if self.kind is Kind.NOTHING:
            return f"profile {printable(self.profile, 100)}"
        who = f"profile {printable(self.profile, 100)}: " if self.profile else ""
        if self.kind is not Kind.ROLE:
            return f"{who}{self.kind.value}"
        code = ", with an MFA code" if self.device else ""
        through = f", assumed by {self.source.words}" if self.source else ""
        return f"{who}role {printable(self.role, 100)}{through}{code}"


def settings() -> Mapping[str, Mapping[str, Any]]:
    """Return the content of AWS's files, by kind: ``profiles``, ``services``, ``sso_sessions``, each by name.

    Raises botocore's ``ConfigParseError`` if a file is malformed.
    """
    from botocore.session import Session

    # Without a profile, so that it works even if AWS_PROFILE names one that does not exist.
    found: Mapping[str, Mapping[str, Any]] = Session(
        session_vars={"profile": (None, None, None, None)}
    ).full_config
    return found


def profiles() -> Mapping[str, Mapping[str, Any]]:
    """Return the profiles in AWS's files, by name. Raises as ``settings`` does."""
    return settings().get("profiles", {})


def endpoints(said: str | None) -> tuple[tuple[str, str], ...]:
    """Return endpoints that replace AWS's own for the profile ``said``: the setting, and its URL.

    They come from the environment and AWS's files. Raises as ``settings`` does.
    """
    if os.environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
        return ()
    found = [(name, url) for name, url in sorted(os.environ.items()) if name.startswith("AWS_ENDPOINT_URL")]
    files, name = settings(), profile_in_force(said)
    profile = files.get("profiles", {}).get(name, {})
    if profile.get("ignore_configured_endpoint_urls", "").lower() == "true":
        return ()
    if "endpoint_url" in profile:
        found.append((f"endpoint_url of profile {name}", str(profile["endpoint_url"])))
    for service, values in files.get("services", {}).get(profile.get("services"), {}).items():
        if isinstance(values, Mapping) and "endpoint_url" in values:
            found.append((f"endpoint_url of {service} in profile {name}", str(values["endpoint_url"])))
    return tuple((printable(what, 200), printable(url, 300)) for what, url in found if url)


def profile_in_force(said: str | None) -> str:
    """Return the profile in use if ``said`` is chosen (None: no choice)."""
    named = (os.environ.get(variable) for variable in PROFILE_VARIABLES)
    return said or next(filter(None, named), DEFAULT)


def sign_in(said: str | None) -> SignIn:
    """Return how the profile ``said`` signs in (None: the environment). Raises as ``profiles`` does."""
    if said is None and os.environ.get("AWS_ACCESS_KEY_ID"):
        return SignIn(Kind.ENVIRONMENT)
    name = profile_in_force(said)
    known = profiles()
    if name not in known:
        return SignIn(Kind.MACHINE if name == DEFAULT else Kind.NOTHING, "" if name == DEFAULT else name)
    return _of(name, known, frozenset())


def _of(name: str, known: Mapping[str, Mapping[str, Any]], seen: frozenset[str]) -> SignIn:
    """Return how the profile ``name`` signs in; ``seen`` are the profiles that refer to it."""
    settings = known.get(name)
    if settings is None:
        return SignIn(Kind.NOTHING, name)
    keys = "aws_access_key_id" in settings
    # A profile can assume a role with its own keys: it is then visited a second time, for the keys.
    if "role_arn" in settings and not (name in seen and keys):
        return _role(name, settings, known, seen)
    if "sso_session" in settings or "sso_start_url" in settings:
        return SignIn(Kind.SSO, name)
    if keys:
        return SignIn(Kind.KEYS, name)
    if "login_session" in settings:
        return SignIn(Kind.LOGIN, name)
    if "credential_process" in settings:
        return SignIn(Kind.PROGRAM, name)
    return SignIn(Kind.MACHINE, name)


def _role(
    name: str, settings: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]], seen: frozenset[str]
) -> SignIn:
    role = str(settings["role_arn"]).rpartition("/")[2]
    if "web_identity_token_file" in settings:
        return SignIn(Kind.WEB_IDENTITY, name, role)
    source = None
    source_name = str(settings.get("source_profile", ""))
    itself = source_name == name and "aws_access_key_id" in settings
    if source_name and (itself or source_name not in seen | {name}):
        source = _of(source_name, known, seen | {name})
    elif credential_source := settings.get("credential_source"):
        source = SignIn(Kind.ENVIRONMENT if credential_source == "Environment" else Kind.MACHINE)
    return SignIn(Kind.ROLE, name, role, source, str(settings.get("mfa_serial", "")))
