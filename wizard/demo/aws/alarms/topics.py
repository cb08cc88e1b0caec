"""SNS: an e-mail subscription waits until its owner opens the link in a mail, and gets mail after that."""

from __future__ import annotations

import secrets
from email.utils import formatdate

from moto.core.responses import ActionResult
from moto.sns.models import Subscription, sns_backends
from moto.sns.responses import SNSResponse

from wizard.demo.aws.account import ACCOUNT_ID, Account
from wizard.demo.aws.refusal import Refusal
from wizard.world import CONFIRM_PATH, Mail

SENDER = "AWS Notifications <no-reply@sns.amazonaws.com>"
PENDING = "PendingConfirmation"
"""What stands in place of the ARN of a subscription that waits."""


class Topics(SNSResponse):
    """moto's SNS, where subscriptions by e-mail wait for their confirmation."""

    def list_subscriptions_by_topic(self) -> ActionResult:
        """ListSubscriptionsByTopic."""
        topic = self.backend.get_topic(self._get_param("TopicArn"))
        return self._listed([one for one in self.backend.subscriptions.values() if one.topic is topic])

    def _listed(self, subscriptions: list[Subscription]) -> ActionResult:
        return ActionResult(
            {
                "Subscriptions": [
                    {
                        "SubscriptionArn": PENDING if one.attributes.get(PENDING) else one.arn,
                        "Owner": one.owner,
                        "Protocol": one.protocol,
                        "Endpoint": one.endpoint,
                        "TopicArn": one.topic.arn,
                    }
                    for one in subscriptions
                ]
            }
        )


def subscribe(account: Account, region: str, topic: str, protocol: str, endpoint: str) -> Subscription:
    """Subscribe ``endpoint`` to ``topic``. The owner of an address gets a mail with a link first."""
    backend = sns_backends[ACCOUNT_ID][region]
    if protocol in ("email", "email-json") and "@" not in endpoint:
        raise Refusal("InvalidParameter", "Invalid parameter: Email address")
    known = endpoint in [one.endpoint for one in backend.subscriptions.values() if one.topic.arn == topic]
    made = backend.subscribe(topic, endpoint, protocol)
    if protocol in ("email", "email-json") and not known:
        made.attributes[PENDING] = True
        made.token = secrets.token_urlsafe(24)  # type: ignore[attr-defined]  # ours: the secret in the link
        _deliver(
            account,
            endpoint,
            "AWS Notification - Subscription Confirmation",
            f"You have chosen to subscribe to the topic:\n{topic}\n\nTo confirm this subscription, click or "
            "visit the link below (If this was in error no action is necessary):\n\n"
            f"{account.endpoint_url}{CONFIRM_PATH}{made.token}",  # type: ignore[attr-defined]
        )
    return made


def confirmed(token: str) -> str | None:
    """Confirm the subscription whose link has this token, and say so; None where there is none."""
    found = _of_token(token)
    if found is None:
        return None
    _confirm(found)
    return f"Subscription confirmed! You have successfully subscribed. Your subscription's id is: {found.arn}"


def publish(account: Account, topic: str, subject: str, text: str) -> None:
    """Send a notification to the topic's confirmed addresses. Nothing where the topic is gone."""
    region = topic.split(":")[3]
    for one in list(sns_backends[ACCOUNT_ID][region].subscriptions.values()):
        if one.topic.arn == topic and one.protocol == "email" and not one.attributes.get(PENDING):
            _deliver(account, one.endpoint, subject, text)


def _deliver(account: Account, recipient: str, subject: str, text: str) -> None:
    now = account.now()
    headers = (
        ("From", SENDER),
        ("To", recipient),
        ("Subject", subject),
        ("Date", formatdate(now.timestamp())),
    )
    account.kept.inbox.append(Mail(SENDER, recipient, subject, text, "", headers, now))


def _of_token(token: str) -> Subscription | None:
    for backend in sns_backends[ACCOUNT_ID].values():
        for one in backend.subscriptions.values():
            if secrets.compare_digest(getattr(one, "token", "").encode(), token.encode()) and token:
                return one
    return None


def _confirm(subscription: Subscription) -> None:
    subscription.confirmed = True
    subscription.attributes[PENDING] = False
