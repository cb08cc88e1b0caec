"""What all SES operations of the embedded account share: the request's parameters, the Region, the errors."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult, BaseResponse

from wizard.demo.aws.account import ACCOUNT_ID, Account, Identity, SesRegion, current
from wizard.demo.aws.iam.policies import denial
from wizard.demo.aws.refusal import Refusal


class SesOperations(BaseResponse):
    """A handler of sesv2 requests; moto finds a method by the operation's name."""

    def __init__(self) -> None:
        super().__init__(service_name="sesv2")
        self.automated_parameter_parsing = True

    @property
    def account(self) -> Account:
        """The embedded account."""
        return current()

    @property
    def ses(self) -> SesRegion:
        """SES of the Region the request is for."""
        return self.account.ses(self.region)

    def identity(self) -> Identity:
        """The identity the request names. Refuses with NotFoundException."""
        name = self._get_param("EmailIdentity")
        found = self.ses.identities.get(name.lower())
        if found is None:
            raise Refusal("NotFoundException", f"Email identity {name} does not exist.")
        return found

    def allowed(self, action: str, *resources: str, sender: str = "") -> None:
        """Refuse what the role of the function that asks does not allow on each of ``resources``.

        ``sender`` is the address that mail is sent from, where the operation sends any.
        """
        given = {"ses:fromaddress": sender} if sender else {}
        role = self.account.role_keys.get(self.access_key)
        for resource in resources if role else ():
            words = denial(role or "", f"ses:{action}", resource, given)
            if words:
                raise Refusal("AccessDeniedException", words)

    def arn(self, kind: str, name: str) -> str:
        """The ARN of an SES resource in this Region."""
        return f"arn:aws:ses:{self.region}:{ACCOUNT_ID}:{kind}/{name}"


def answer(**members: Any) -> ActionResult:
    """The answer with these members; those that are None are left out."""
    return ActionResult({name: value for name, value in members.items() if value is not None})


def page(names: list[str], token: str | None, size: int | None) -> tuple[list[str], str | None]:
    """One page of sorted ``names`` after ``token``, and the token of the next page."""
    rest = sorted(name for name in names if token is None or name > token)
    shown = rest[: size or 100]
    return shown, shown[-1] if len(rest) > len(shown) else None
