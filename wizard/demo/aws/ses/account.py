"""SES account settings of a Region: the sandbox, the review, the quota, suppression; configuration sets."""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta
from typing import Any

from moto.core.responses import ActionResult, EmptyResult

from wizard.demo.aws.account import Account, Review, SesRegion
from wizard.demo.aws.refusal import Refusal
from wizard.demo.aws.ses.base import SesOperations, answer

_NAME = re.compile(r"^[A-Za-z0-9_-]{1,64}$")


class AccountSettings(SesOperations):
    """GetAccount, PutAccountDetails and the other PutAccount operations."""

    def get_account(self) -> ActionResult:
        """GetAccount. An open review may get its answer first."""
        ses = self.ses
        answer_when_due(self.account, ses)
        return answer(
            DedicatedIpAutoWarmupEnabled=False,
            EnforcementStatus=ses.enforcement,
            ProductionAccessEnabled=ses.production,
            SendQuota={
                "Max24HourSend": self.account.daily_quota(ses),
                "MaxSendRate": self.account.send_rate(ses),
                "SentLast24Hours": float(sent_in_a_day(ses, self.account.now())),
            },
            SendingEnabled=ses.sending_enabled,
            SuppressionAttributes={"SuppressedReasons": ses.suppressed_reasons},
            Details=_details(ses),
        )

    def put_account_details(self) -> ActionResult:
        """PutAccountDetails. In the sandbox, asking for production access opens a review."""
        ses, now = self.ses, self.account.now()
        answer_when_due(self.account, ses)
        if ses.review is not None and ses.review.status == "PENDING":
            raise Refusal("ConflictException", "There is already a review in progress for this account.")
        ses.details = {
            name: self.params[name]
            for name in (
                "MailType",
                "WebsiteURL",
                "ContactLanguage",
                "UseCaseDescription",
                "AdditionalContactEmailAddresses",
            )
            if self.params.get(name)
        }
        if self._get_param("ProductionAccessEnabled") and not ses.production:
            ses.review = Review(now, case_id=str(17 * 10**13 + secrets.randbelow(10**13)))
        return EmptyResult()

    def put_account_suppression_attributes(self) -> ActionResult:
        """PutAccountSuppressionAttributes: which failures put an address on the account's list."""
        self.ses.suppressed_reasons = self._get_param("SuppressedReasons") or []
        return EmptyResult()

    def put_account_sending_attributes(self) -> ActionResult:
        """PutAccountSendingAttributes: pause or resume all sending."""
        self.ses.sending_enabled = bool(self._get_param("SendingEnabled"))
        return EmptyResult()


class ConfigurationSets(SesOperations):
    """Configuration sets: the options are kept as they were given."""

    def create_configuration_set(self) -> ActionResult:
        """CreateConfigurationSet. An existing name is a conflict."""
        create_configuration_set(self.ses, dict(self.params))
        return EmptyResult()

    def get_configuration_set(self) -> ActionResult:
        """GetConfigurationSet."""
        return ActionResult(self._configuration_set())

    def put_configuration_set_reputation_options(self) -> ActionResult:
        """PutConfigurationSetReputationOptions."""
        enabled = bool(self._get_param("ReputationMetricsEnabled"))
        self._configuration_set()["ReputationOptions"] = {"ReputationMetricsEnabled": enabled}
        return EmptyResult()

    def _configuration_set(self) -> dict[str, Any]:
        name = self._get_param("ConfigurationSetName")
        found = self.ses.configuration_sets.get(name)
        if found is None:
            raise Refusal("NotFoundException", f"Configuration set <{name}> does not exist.")
        return found


def create_configuration_set(ses: SesRegion, options: dict[str, Any]) -> None:
    """Keep a new configuration set with CreateConfigurationSet's ``options``. Refuses taken and bad names."""
    name = options["ConfigurationSetName"]
    if not _NAME.match(name):
        raise Refusal("BadRequestException", f"Invalid configuration set name <{name}>.")
    if name in ses.configuration_sets:
        raise Refusal("AlreadyExistsException", f"Configuration set <{name}> already exists.")
    ses.configuration_sets[name] = {
        "SendingOptions": {"SendingEnabled": True},
        "ReputationOptions": {"ReputationMetricsEnabled": False},
        **options,
    }


def delete_configuration_set(ses: SesRegion, name: str) -> None:
    """Forget a configuration set and its event destinations, where it is there."""
    ses.configuration_sets.pop(name, None)
    ses.event_destinations.pop(name, None)


def answer_when_due(account: Account, ses: SesRegion) -> None:
    """Grant an open review when its time has passed, and open the Region of one that was granted."""
    review, patience = ses.review, account.pace.review
    if ses.production or review is None or patience is None or review.status not in ("PENDING", "GRANTED"):
        return
    if account.now() - review.opened_at >= timedelta(seconds=patience):
        answer_review(ses, granted=True)
        account.changed()


def answer_review(ses: SesRegion, granted: bool) -> None:
    """Answer a review that is open, or that was denied, as after an answer in its case.

    One that was granted is over when the Region is open; one that failed never arrived.
    """
    if ses.review is not None and ses.review.status != "FAILED" and not ses.production:
        ses.review.status = "GRANTED" if granted else "DENIED"
        ses.production = granted


def sent_in_a_day(ses: SesRegion, now: datetime) -> int:
    """How many recipients were written to in the 24 hours before ``now``. Forgets the older ones."""
    while ses.sent and now - ses.sent[0] >= timedelta(hours=24):
        ses.sent.popleft()
    return len(ses.sent)


def _details(ses: SesRegion) -> dict[str, Any] | None:
    if ses.details is None:
        return None
    review = ses.review
    if review is None:
        return ses.details
    return {**ses.details, "ReviewDetails": {"Status": review.status, "CaseId": review.case_id}}
