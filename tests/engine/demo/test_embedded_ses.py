"""The embedded SES: identities verified by the DNS, the sandbox, the review, sending."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from wizard import demo
from wizard.demo import Demo
from wizard.dns.records import Record, wanted_records

if TYPE_CHECKING:
    from types_boto3_sesv2 import SESV2Client

SUCCESS = "success@simulator.amazonses.com"


@pytest.fixture
def ses(account: Demo) -> SESV2Client:
    client: SESV2Client = account.world.aws.client("sesv2")
    return client


def refusal(call: Callable[..., Any], **parameters: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


def records(ses: SESV2Client, domain: str = "example.com") -> tuple[Record, ...]:
    """What to publish for an identity, as SES says."""
    seen = ses.get_email_identity(EmailIdentity=domain)
    return wanted_records(
        domain,
        tokens=tuple(seen["DkimAttributes"]["Tokens"]),
        signing_zone=seen["DkimAttributes"]["SigningHostedZone"],
        mail_from=seen.get("MailFromAttributes", {}).get("MailFromDomain"),
        region=ses.meta.region_name,
    )


def verified(account: Demo, ses: SESV2Client, domain: str = "example.com") -> None:
    ses.create_email_identity(EmailIdentity=domain)
    account.publish(records(ses, domain))


def simple(subject: str = "Hello", text: str = "You") -> Any:
    return {"Simple": {"Subject": {"Data": subject}, "Body": {"Text": {"Data": text}}}}


# --- identities --------------------------------------------------------------------------------------------


def test_new_domain_gets_three_easy_dkim_tokens(ses: SESV2Client) -> None:
    created = ses.create_email_identity(EmailIdentity="example.com")
    assert (created["IdentityType"], created["VerifiedForSendingStatus"]) == ("DOMAIN", False)
    dkim = created["DkimAttributes"]
    assert [len(token) for token in dkim["Tokens"]] == [32, 32, 32]
    assert (dkim["Status"], dkim["SigningAttributesOrigin"]) == ("NOT_STARTED", "AWS_SES")
    assert dkim["CurrentSigningKeyLength"] == "RSA_2048_BIT"
    seen = ses.get_email_identity(EmailIdentity="example.com")
    assert seen["DkimAttributes"]["Tokens"] == dkim["Tokens"]
    assert "MailFromAttributes" not in seen


def test_duplicate_missing_and_malformed_identities_are_refused(ses: SESV2Client) -> None:
    ses.create_email_identity(EmailIdentity="example.com")
    assert refusal(ses.create_email_identity, EmailIdentity="EXAMPLE.com")[0] == "AlreadyExistsException"
    assert refusal(ses.get_email_identity, EmailIdentity="example.net")[0] == "NotFoundException"
    assert refusal(ses.create_email_identity, EmailIdentity="no dots")[0] == "BadRequestException"
    ses.delete_email_identity(EmailIdentity="example.com")
    assert refusal(ses.get_email_identity, EmailIdentity="example.com")[0] == "NotFoundException"


def test_verified_when_the_dns_serves_all_three_records(account: Demo, ses: SESV2Client) -> None:
    ses.create_email_identity(EmailIdentity="example.com")
    *some, last = records(ses)[:3]
    account.publish(some)
    seen = ses.get_email_identity(EmailIdentity="example.com")
    assert (seen["DkimAttributes"]["Status"], seen["VerifiedForSendingStatus"]) == ("PENDING", False)
    info = seen["VerificationInfo"]
    assert info["ErrorType"] == "HOST_NOT_FOUND"
    assert info["SOARecord"]["PrimaryNameServer"] == "dns1.registrar-servers.com"
    account.publish([last])
    seen = ses.get_email_identity(EmailIdentity="example.com")
    assert (seen["DkimAttributes"]["Status"], seen["VerifiedForSendingStatus"]) == ("SUCCESS", True)
    assert (
        seen["VerificationInfo"]["LastSuccessTimestamp"] == seen["VerificationInfo"]["LastCheckedTimestamp"]
    )
    assert "ErrorType" not in seen["VerificationInfo"]

    account.account.kept.clock.push_to(account.now() + timedelta(days=26))
    later = ses.get_email_identity(EmailIdentity="example.com")["VerificationInfo"]["LastCheckedTimestamp"]
    assert later - seen["VerificationInfo"]["LastCheckedTimestamp"] >= timedelta(days=26)


@pytest.mark.parametrize(
    ("rdtype", "value", "error"),
    [
        ("CNAME", "other.dkim.amazonses.com", "INVALID_VALUE"),
        ("TXT", "the.dkim.amazonses.com", "TYPE_NOT_FOUND"),
    ],
)
def test_wrong_record_is_named(account: Demo, ses: SESV2Client, rdtype: str, value: str, error: str) -> None:
    ses.create_email_identity(EmailIdentity="example.com")
    first = records(ses)[0]
    account.publish([Record(first.id, first.name, rdtype, value)])
    info = ses.get_email_identity(EmailIdentity="example.com")["VerificationInfo"]
    assert info["ErrorType"] == error


def test_doubled_name_is_not_seen_until_fixed(account: Demo, ses: SESV2Client) -> None:
    ses.create_email_identity(EmailIdentity="example.com")
    first, *rest = records(ses)[:3]
    account.publish(rest)
    account.publish([replace(first, name=f"{first.name}.example.com")])
    assert not ses.get_email_identity(EmailIdentity="example.com")["VerifiedForSendingStatus"]
    account.publish([first])
    assert ses.get_email_identity(EmailIdentity="example.com")["VerifiedForSendingStatus"]


def test_search_ends_after_72_hours_and_begins_anew_when_asked(account: Demo, ses: SESV2Client) -> None:
    ses.create_email_identity(EmailIdentity="example.com")
    ses.put_email_identity_mail_from_attributes(
        EmailIdentity="example.com", MailFromDomain="bounce.example.com"
    )
    account.account.kept.clock.push_to(account.now() + timedelta(hours=73))
    seen = ses.get_email_identity(EmailIdentity="example.com")
    assert seen["DkimAttributes"]["Status"] == "FAILED"
    assert seen["MailFromAttributes"]["MailFromDomainStatus"] == "FAILED"
    account.publish(records(ses))
    assert ses.get_email_identity(EmailIdentity="example.com")["DkimAttributes"]["Status"] == "FAILED"
    again = ses.put_email_identity_dkim_signing_attributes(
        EmailIdentity="example.com", SigningAttributesOrigin="AWS_SES"
    )
    ses.put_email_identity_mail_from_attributes(
        EmailIdentity="example.com", MailFromDomain="bounce.example.com"
    )
    seen = ses.get_email_identity(EmailIdentity="example.com")
    assert again["DkimTokens"] == seen["DkimAttributes"]["Tokens"]
    assert seen["DkimAttributes"]["Status"] == "SUCCESS"
    assert seen["MailFromAttributes"]["MailFromDomainStatus"] == "SUCCESS"


def test_mail_from_needs_its_mx(account: Demo, ses: SESV2Client) -> None:
    ses.create_email_identity(EmailIdentity="example.com")
    ses.put_email_identity_mail_from_attributes(
        EmailIdentity="example.com", MailFromDomain="bounce.example.com"
    )
    attributes = ses.get_email_identity(EmailIdentity="example.com")["MailFromAttributes"]
    assert attributes == {
        "MailFromDomain": "bounce.example.com",
        "MailFromDomainStatus": "PENDING",
        "BehaviorOnMxFailure": "USE_DEFAULT_VALUE",
    }
    wanted = next(record for record in records(ses) if record.type == "MX")
    account.publish([Record(wanted.id, wanted.name, "MX", "10 feedback-smtp.eu-west-1.amazonses.com")])
    attributes = ses.get_email_identity(EmailIdentity="example.com")["MailFromAttributes"]
    assert attributes["MailFromDomainStatus"] == "PENDING"
    account.publish([wanted])
    attributes = ses.get_email_identity(EmailIdentity="example.com")["MailFromAttributes"]
    assert attributes["MailFromDomainStatus"] == "SUCCESS"


def test_mail_from_outside_the_domain_is_refused(ses: SESV2Client) -> None:
    ses.create_email_identity(EmailIdentity="example.com")
    code, message = refusal(
        ses.put_email_identity_mail_from_attributes,
        EmailIdentity="example.com",
        MailFromDomain="bounce.example.org",
    )
    assert code == "BadRequestException"
    assert message == (
        "Provided MAIL-FROM domain <bounce.example.org> is not subdomain of the domain of the identity "
        "<example.com>."
    )


def test_identity_gets_a_configuration_set_that_exists(ses: SESV2Client) -> None:
    ses.create_email_identity(EmailIdentity="example.com")
    put = ses.put_email_identity_configuration_set_attributes
    assert refusal(put, EmailIdentity="example.com", ConfigurationSetName="mine")[0] == "NotFoundException"
    ses.create_configuration_set(
        ConfigurationSetName="mine",
        ReputationOptions={"ReputationMetricsEnabled": True},
        SuppressionOptions={"SuppressedReasons": ["BOUNCE"]},
    )
    put(EmailIdentity="example.com", ConfigurationSetName="mine")
    assert ses.get_email_identity(EmailIdentity="example.com")["ConfigurationSetName"] == "mine"
    kept = ses.get_configuration_set(ConfigurationSetName="mine")
    assert kept["ReputationOptions"] == {"ReputationMetricsEnabled": True}
    assert kept["SuppressionOptions"] == {"SuppressedReasons": ["BOUNCE"]}
    assert refusal(ses.create_configuration_set, ConfigurationSetName="mine")[0] == "AlreadyExistsException"


def test_regions_know_nothing_of_each_other(account: Demo, ses: SESV2Client) -> None:
    ses.create_email_identity(EmailIdentity="example.com")
    elsewhere: SESV2Client = account.world.aws.client("sesv2", "af-south-1")
    assert elsewhere.list_email_identities()["EmailIdentities"] == []
    made = elsewhere.create_email_identity(EmailIdentity="example.com")["DkimAttributes"]
    assert made["SigningHostedZone"] == "dkim.af-south-1.amazonses.com"
    listed = ses.list_email_identities()["EmailIdentities"]
    assert [entry["IdentityName"] for entry in listed] == ["example.com"]


# --- account -----------------------------------------------------------------------------------------------


def test_new_account_is_in_the_sandbox(ses: SESV2Client) -> None:
    seen = ses.get_account()
    assert seen["ProductionAccessEnabled"] is False
    assert seen["SendingEnabled"] is True
    assert seen["EnforcementStatus"] == "HEALTHY"
    assert seen["SendQuota"] == {"Max24HourSend": 200.0, "MaxSendRate": 1.0, "SentLast24Hours": 0.0}
    assert "Details" not in seen


def ask_for_production(ses: SESV2Client) -> None:
    ses.put_account_details(
        MailType="TRANSACTIONAL", WebsiteURL="https://example.com", ProductionAccessEnabled=True
    )


def test_review_is_answered_by_hand(account: Demo, ses: SESV2Client) -> None:
    ask_for_production(ses)
    details = ses.get_account()["Details"]
    assert details["ReviewDetails"]["Status"] == "PENDING"
    assert details["WebsiteURL"] == "https://example.com"
    assert refusal(ask_for_production, ses=ses)[0] == "ConflictException"
    account.answer_review(granted=False)
    seen = ses.get_account()
    assert (seen["ProductionAccessEnabled"], seen["Details"]["ReviewDetails"]["Status"]) == (False, "DENIED")
    ask_for_production(ses)
    account.answer_review(granted=True)
    seen = ses.get_account()
    assert (seen["ProductionAccessEnabled"], seen["Details"]["ReviewDetails"]["Status"]) == (True, "GRANTED")
    assert seen["SendQuota"]["Max24HourSend"] == 50_000


def test_review_that_was_denied_is_granted_after_an_answer_in_its_case(
    account: Demo, ses: SESV2Client
) -> None:
    ask_for_production(ses)
    account.answer_review(granted=False)
    case = ses.get_account()["Details"]["ReviewDetails"]["CaseId"]
    account.answer_review(granted=True)
    seen = ses.get_account()
    assert seen["ProductionAccessEnabled"] is True
    assert seen["Details"]["ReviewDetails"] == {"Status": "GRANTED", "CaseId": case}
    account.answer_review(granted=False)
    assert ses.get_account()["ProductionAccessEnabled"] is True, "what was granted is not asked again"


def test_review_is_granted_when_its_time_has_passed(ses: SESV2Client, account: Demo) -> None:
    account.account.pace = demo.Pace(review=60)
    assert account.review_takes() == 60
    ask_for_production(ses)
    assert ses.get_account()["ProductionAccessEnabled"] is False
    account.account.kept.clock.push_to(account.now() + timedelta(seconds=61))
    assert ses.get_account()["ProductionAccessEnabled"] is True


def test_region_may_open_later_than_the_review_is_granted(ses: SESV2Client, account: Demo) -> None:
    account.account.pace = demo.Pace(review=60)
    ask_for_production(ses)
    review = account.account.ses("us-east-1").review
    assert review
    review.status = "GRANTED"
    assert ses.get_account()["ProductionAccessEnabled"] is False
    account.account.kept.clock.push_to(account.now() + timedelta(seconds=61))
    assert ses.get_account()["ProductionAccessEnabled"] is True


def test_account_switches_are_kept(ses: SESV2Client) -> None:
    ses.put_account_suppression_attributes(SuppressedReasons=["BOUNCE", "COMPLAINT"])
    ses.put_account_sending_attributes(SendingEnabled=False)
    seen = ses.get_account()
    assert seen["SuppressionAttributes"]["SuppressedReasons"] == ["BOUNCE", "COMPLAINT"]
    assert seen["SendingEnabled"] is False
    send = ses.send_email
    assert refusal(send, FromEmailAddress="a@example.com", Content=simple())[0] == "SendingPausedException"


# --- sending -----------------------------------------------------------------------------------------------


def test_unverified_sender_and_recipient_are_refused_in_ses_own_words(
    account: Demo, ses: SESV2Client
) -> None:
    message = "Email address is not verified. The following identities failed the check in region US-EAST-1: "
    send: dict[str, Any] = {
        "FromEmailAddress": "A <a@example.com>",
        "Destination": {"ToAddresses": ["b@example.net"]},
        "Content": simple(),
    }
    assert refusal(ses.send_email, **send) == (
        "MessageRejected",
        f"{message}A <a@example.com>, b@example.net",
    )
    verified(account, ses)
    assert refusal(ses.send_email, **send) == ("MessageRejected", f"{message}b@example.net")
    ask_for_production(ses)
    account.answer_review(granted=True)
    ses.send_email(**send)
    assert [mail.recipient for mail in account.inbox()] == ["b@example.net"]


def test_simple_mail_arrives(account: Demo, ses: SESV2Client) -> None:
    verified(account, ses)
    sent = ses.send_email(
        FromEmailAddress="a@news.example.com",
        ReplyToAddresses=["reply@example.com"],
        Destination={"ToAddresses": ["b@example.com"]},
        Content={
            "Simple": {
                "Subject": {"Data": "Grüße"},
                "Body": {"Text": {"Data": "text"}, "Html": {"Data": "<p>html</p>"}},
                "Headers": [{"Name": "List-Unsubscribe", "Value": "<https://example.com/off>"}],
            }
        },
    )
    (mail,) = account.inbox()
    assert (mail.sender, mail.recipient, mail.subject) == ("a@news.example.com", "b@example.com", "Grüße")
    assert (mail.text, mail.html) == ("text", "<p>html</p>")
    headers = dict(mail.headers)
    assert headers["Message-ID"] == f"<{sent['MessageId']}@email.amazonses.com>"
    assert headers["Return-Path"] == f"<{sent['MessageId']}@amazonses.com>"
    assert headers["Reply-To"] == "reply@example.com"
    assert headers["List-Unsubscribe"] == "<https://example.com/off>"


def template(ses: SESV2Client, **content: str) -> None:
    ses.create_email_template(TemplateName="greeting", TemplateContent={"Subject": "Hi", **content})  # type: ignore[typeddict-item]


def bulk(*entries: tuple[str, dict[str, Any]], **more: Any) -> Any:
    return {
        "FromEmailAddress": "a@example.com",
        "DefaultContent": {
            "Template": {"TemplateName": "greeting", "TemplateData": json.dumps({"name": "friend"})}
        },
        "BulkEmailEntries": [
            {
                "Destination": {"ToAddresses": [address]},
                "ReplacementEmailContent": {
                    "ReplacementTemplate": {"ReplacementTemplateData": json.dumps(data)}
                },
                "ReplacementHeaders": [{"Name": "X-Id", "Value": address}],
            }
            for address, data in entries
        ],
        **more,
    }


def test_templates_fill_fields_without_escaping(account: Demo, ses: SESV2Client) -> None:
    verified(account, ses)
    template(ses, Subject="Hi {{ name }}", Text="{{name}} {{to.city}} {{n}}", Html="<b>{{name}}</b>")
    ses.send_email(
        FromEmailAddress="a@example.com",
        Destination={"ToAddresses": ["b@example.com"]},
        Content={
            "Template": {
                "TemplateName": "greeting",
                "TemplateData": json.dumps({"name": "<Zoë>", "to": {"city": "Oslo"}, "n": 3}),
            }
        },
    )
    (mail,) = account.inbox()
    assert (mail.subject, mail.text, mail.html) == ("Hi <Zoë>", "<Zoë> Oslo 3", "<b><Zoë></b>")


def test_missing_field_is_accepted_and_never_delivered(account: Demo, ses: SESV2Client) -> None:
    verified(account, ses)
    template(ses, Text="{{name}} {{unknown}}")
    results = ses.send_bulk_email(**bulk(("b@example.com", {})))["BulkEmailEntryResults"]
    assert results[0]["Status"] == "SUCCESS"
    assert account.inbox() == ()


def test_bulk_mail_has_a_result_for_each_entry(account: Demo, ses: SESV2Client) -> None:
    verified(account, ses)
    template(ses, Text="Dear {{name}}")
    entries = [("b@example.com", {"name": "Bo"}), ("c@example.net", {}), ("d@example.com", {})]
    results = ses.send_bulk_email(**bulk(*entries))["BulkEmailEntryResults"]
    assert [result["Status"] for result in results] == ["SUCCESS", "MESSAGE_REJECTED", "SUCCESS"]
    assert results[1]["Error"].endswith("in region US-EAST-1: c@example.net")
    arrived = {mail.recipient: mail for mail in account.inbox()}
    assert {address: mail.text for address, mail in arrived.items()} == {
        "b@example.com": "Dear Bo",
        "d@example.com": "Dear friend",
    }
    assert ("X-Id", "b@example.com") in arrived["b@example.com"].headers


def test_bulk_mail_is_refused_as_a_whole(account: Demo, ses: SESV2Client) -> None:
    entries: list[tuple[str, dict[str, Any]]] = [(f"{number}@example.com", {}) for number in range(51)]
    assert refusal(ses.send_bulk_email, **bulk(*entries))[0] == "BadRequestException"
    assert refusal(ses.send_bulk_email, **bulk(entries[0]))[0] == "MessageRejected"
    verified(account, ses)
    assert refusal(ses.send_bulk_email, **bulk(entries[0]))[0] == "NotFoundException"
    template(ses)
    unknown = bulk(entries[0], ConfigurationSetName="none")
    assert refusal(ses.send_bulk_email, **unknown)[0] == "NotFoundException"


def test_rate_and_day_are_limited(account: Demo, ses: SESV2Client) -> None:
    verified(account, ses)
    template(ses)
    results = ses.send_bulk_email(**bulk(*[(SUCCESS, {})] * 12))["BulkEmailEntryResults"]
    statuses = [result["Status"] for result in results]
    assert statuses.count("SUCCESS") in (10, 11)
    assert statuses[-1] == "ACCOUNT_THROTTLED"
    account.account.ses("us-east-1").sent.extend([account.now()] * 195)
    (result,) = ses.send_bulk_email(**bulk((SUCCESS, {})))["BulkEmailEntryResults"]
    assert result == {
        "Status": "ACCOUNT_DAILY_QUOTA_EXCEEDED",
        "Error": "Daily message quota exceeded.",
    }
    account.account.kept.clock.push_to(account.now() + timedelta(hours=25))
    assert ses.get_account()["SendQuota"]["SentLast24Hours"] == 0


def test_sender_that_insists_on_its_mail_from_waits_for_it(account: Demo, ses: SESV2Client) -> None:
    verified(account, ses)
    ses.put_email_identity_mail_from_attributes(
        EmailIdentity="example.com",
        MailFromDomain="bounce.example.com",
        BehaviorOnMxFailure="REJECT_MESSAGE",
    )
    send: dict[str, Any] = {
        "FromEmailAddress": "a@example.com",
        "Destination": {"ToAddresses": [SUCCESS]},
        "Content": simple(),
    }
    assert refusal(ses.send_email, **send)[0] == "MailFromDomainNotVerifiedException"
    account.publish(records(ses))
    sent = ses.send_email(**send)
    (mail,) = account.inbox()
    assert dict(mail.headers)["Return-Path"] == f"<{sent['MessageId']}@bounce.example.com>"
