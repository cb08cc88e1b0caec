"""What happens to mail after it is accepted: SES's events, the default event bus, the function of a rule."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.engine.stacks import ACCOUNT_ID, LAMBDA_TRUST, eventually, function, role
from wizard import demo
from wizard.demo import Demo

BUS = f"arn:aws:events:us-east-1:{ACCOUNT_ID}:event-bus/default"
NOTING = "import json\ndef handler(event, context):\n    print(json.dumps(event))\n"


def production(running: Demo, domain: str = "example.com") -> Any:
    """The SES client of an account out of the sandbox, with a verified domain and a template."""
    ses = running.world.aws.client("sesv2")
    ses.create_email_identity(EmailIdentity=domain)
    region = running.account.ses("us-east-1")
    region.identities[domain].verified = region.production = True
    ses.create_configuration_set(ConfigurationSetName="set")
    ses.create_email_template(
        TemplateName="greeting", TemplateContent={"Subject": "Hi {{name}}", "Text": "Dear {{name}}"}
    )
    return ses


def listening(
    running: Demo, *types: str, detail: dict[str, Any] | None = None, permitted: bool = True
) -> None:
    """A function that notes the events of the configuration set."""
    aws = running.world.aws
    aws.client("sesv2").create_configuration_set_event_destination(
        ConfigurationSetName="set",
        EventDestinationName="bus",
        EventDestination={
            "Enabled": True,
            "MatchingEventTypes": list(types),
            "EventBridgeDestination": {"EventBusArn": BUS},
        },
    )
    pattern = {"source": ["aws.ses"], **({"detail": detail} if detail else {})}
    rule = aws.client("events").put_rule(Name="rule", EventPattern=json.dumps(pattern))["RuleArn"]
    arn = function(aws, NOTING)
    aws.client("events").put_targets(Rule="rule", Targets=[{"Id": "function", "Arn": arn}])
    if permitted:
        aws.client("lambda").add_permission(
            FunctionName="worker",
            StatementId="rule",
            Action="lambda:InvokeFunction",
            Principal="events.amazonaws.com",
            SourceArn=rule,
        )


def bulk(ses: Any, *addresses: str, **more: Any) -> list[dict[str, Any]]:
    entries = [
        {
            "Destination": {"ToAddresses": [address]},
            "ReplacementTags": [{"Name": "person", "Value": str(number)}],
            "ReplacementEmailContent": {
                "ReplacementTemplate": {"ReplacementTemplateData": json.dumps({"name": "Bo"})}
            },
        }
        for number, address in enumerate(addresses)
    ]
    content = {"Template": {"TemplateName": "greeting"}}
    results: list[dict[str, Any]] = ses.send_bulk_email(
        **{
            "FromEmailAddress": "a@example.com",
            "ConfigurationSetName": "set",
            "DefaultEmailTags": [{"Name": "run", "Value": "one"}, {"Name": "person", "Value": "none"}],
            "DefaultContent": content,
            "BulkEmailEntries": entries,
            **more,
        }
    )["BulkEmailEntryResults"]
    return results


def noted(running: Demo) -> list[dict[str, Any]]:
    logs = running.world.aws.client("logs")
    if not logs.describe_log_groups()["logGroups"]:
        return []
    events = logs.filter_log_events(logGroupName="/aws/lambda/worker")["events"]
    return [json.loads(event["message"]) for event in events if event["message"].startswith("{")]


def test_bounces_and_complaints_reach_the_function_of_a_rule(account: Demo) -> None:
    ses = production(account)
    listening(
        account,
        "BOUNCE",
        "COMPLAINT",
        detail={"mail": {"tags": {"ses:configuration-set": ["set"]}}},
    )
    addresses = [f"{box}@simulator.amazonses.com" for box in ("success", "bounce+mine", "complaint")]
    ids = [result["MessageId"] for result in bulk(ses, *addresses)]
    found = {
        event["detail-type"]: event
        for event in eventually(lambda: len(noted(account)) == 2 and noted(account))
    }
    assert set(found) == {"Email Bounced", "Email Complaint Received"}
    bounce, complaint = found["Email Bounced"], found["Email Complaint Received"]
    assert (bounce["source"], bounce["account"], bounce["region"]) == ("aws.ses", ACCOUNT_ID, "us-east-1")
    assert bounce["resources"] == [f"arn:aws:ses:us-east-1:{ACCOUNT_ID}:configuration-set/set"]
    detail = bounce["detail"]
    assert (detail["eventType"], detail["bounce"]["bounceType"]) == ("Bounce", "Permanent")
    (recipient,) = detail["bounce"]["bouncedRecipients"]
    assert (recipient["emailAddress"], recipient["status"]) == (addresses[1], "5.1.1")
    assert (detail["mail"]["messageId"], detail["mail"]["destination"]) == (ids[1], [addresses[1]])
    assert detail["mail"]["commonHeaders"]["subject"] == "Hi Bo"
    tags = detail["mail"]["tags"]
    assert (tags["run"], tags["person"], tags["ses:configuration-set"]) == (["one"], ["1"], ["set"])
    assert complaint["detail"]["complaint"]["complainedRecipients"] == [{"emailAddress": addresses[2]}]
    assert [mail.recipient for mail in account.inbox()] == [addresses[2], addresses[0]]


def test_only_what_is_wanted_and_permitted_arrives(account: Demo) -> None:
    ses = production(account)
    listening(account, "COMPLAINT", permitted=False)
    bounce, complaint = (f"{box}@simulator.amazonses.com" for box in ("bounce", "complaint"))
    bulk(ses, bounce, complaint)
    assert account.account.kept.events == []
    lambdas = account.world.aws.client("lambda")
    lambdas.add_permission(
        FunctionName="worker",
        StatementId="any",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
    )
    account.world.aws.client("events").disable_rule(Name="rule")
    bulk(ses, complaint)
    assert account.account.kept.events == []
    account.world.aws.client("events").enable_rule(Name="rule")
    bulk(ses, bounce, complaint)
    (event,) = eventually(lambda: noted(account))
    assert event["detail"]["eventType"] == "Complaint"


def test_what_cannot_be_filled_in_is_reported(account: Demo) -> None:
    ses = production(account)
    listening(account, "RENDERING_FAILURE")
    content = {"Template": {"TemplateName": "greeting", "TemplateData": "{}"}}
    send = {"FromEmailAddress": "a@example.com", "ConfigurationSetName": "set"}
    ses.send_email(Destination={"ToAddresses": ["c@example.net"]}, Content=content, **send)
    (found,) = eventually(lambda: noted(account))
    assert found["detail"]["failure"]["errorMessage"] == (
        "Attribute 'name' is not present in the rendering data."
    )
    assert account.inbox() == ()


# --- bulk mail ---------------------------------------------------------------------------------------------


def test_the_rate_and_the_day_are_as_the_pace_says() -> None:
    pace = demo.Pace(resource=0, send_rate=20, daily=40, burst=1)
    with demo.start(None, pace=pace) as running:
        ses = production(running)
        quota = ses.get_account()["SendQuota"]
        assert (quota["MaxSendRate"], quota["Max24HourSend"]) == (20, 40)
        statuses = [result["Status"] for result in bulk(ses, *["b@example.net"] * 30)]
        accepted = statuses.count("SUCCESS")
        assert 20 <= accepted <= 22
        assert set(statuses[accepted:]) == {"ACCOUNT_THROTTLED"}
        running.account.pace = demo.Pace(send_rate=1000, daily=40)
        running.account.allowance.clear()
        statuses = [result["Status"] for result in bulk(ses, *["b@example.net"] * 30)]
        assert statuses.count("SUCCESS") == 40 - accepted
        assert statuses[-1] == "ACCOUNT_DAILY_QUOTA_EXCEEDED"
        assert ses.get_account()["SendQuota"]["SentLast24Hours"] == 40
        running.account.pace = demo.Pace(send_rate=1000, daily=-1)
        assert {result["Status"] for result in bulk(ses, "b@example.net")} == {"SUCCESS"}


def test_an_entry_that_cannot_be_written_to_fails_alone_and_an_impossible_request_as_a_whole(
    account: Demo,
) -> None:
    ses = production(account)
    hostile = ["b@example.net", "nobody", "ü@example.net", "x\n@example.net"]
    assert [result["Status"] for result in bulk(ses, *hostile)] == ["SUCCESS", *["INVALID_PARAMETER"] * 3]
    wrong: list[dict[str, Any]] = [
        {"DefaultEmailTags": [{"Name": "run", "Value": "2027-01-31T09:00:00Z"}]},
        {"ConfigurationSetName": "none"},
        {"FromEmailAddress": "a@example.net"},
    ]
    entry = {"Destination": {"ToAddresses": ["b@example.net"]}}
    for header in ({"Name": "a:b", "Value": "1"}, {"Name": "X-Name", "Value": "Zoë"}):
        wrong.append({"BulkEmailEntries": [{**entry, "ReplacementHeaders": [header]}]})
    codes = []
    for parameters in wrong:
        with pytest.raises(ClientError) as caught:
            bulk(ses, "b@example.net", **parameters)
        codes.append(caught.value.response["Error"]["Code"])
    assert codes == [
        "BadRequestException",
        "NotFoundException",
        "MessageRejected",
        "BadRequestException",
        "BadRequestException",
    ]
    assert len(account.inbox()) == 1


ASKING = """
import boto3
def handler(event, context):
    ses, refused = boto3.client("sesv2"), []
    for call, parameters in event:
        try:
            getattr(ses, call)(**parameters)
        except ses.exceptions.ClientError as error:
            refused.append(error.response["Error"]["Message"].split("perform: ")[1].split(" because")[0])
    return refused
"""


def test_a_function_may_send_with_what_its_role_names(account: Demo) -> None:
    production(account)
    ses = f"arn:aws:ses:us-east-1:{ACCOUNT_ID}"
    send = {
        "FromEmailAddress": "a@example.com",
        "ConfigurationSetName": "set",
        "DefaultContent": {"Template": {"TemplateName": "greeting", "TemplateData": '{"name": "Bo"}'}},
        "BulkEmailEntries": [{"Destination": {"ToAddresses": ["b@example.net"]}}],
    }
    event = json.dumps([["get_account", {}], ["send_bulk_email", send]])
    arn = role(account.world.aws, "narrow", LAMBDA_TRUST, "ses:SendBulkEmail", f"{ses}:identity/example.com")
    function(account.world.aws, ASKING, Role=arn)
    iam, invoke = account.world.aws.client("iam"), account.world.aws.client("lambda").invoke

    def refused() -> Any:
        return json.loads(invoke(FunctionName="worker", Payload=event)["Payload"].read())

    assert refused() == [
        "ses:GetAccount on resource: *",
        f"ses:SendBulkEmail on resource: {ses}:configuration-set/set",
    ]
    statements = [
        {"Effect": "Allow", "Action": "ses:GetAccount", "Resource": "*"},
        {
            "Effect": "Allow",
            "Action": "ses:SendBulkEmail",
            "Resource": [f"{ses}:configuration-set/set", f"{ses}:template/greeting"],
        },
    ]
    iam.put_role_policy(
        RoleName="narrow",
        PolicyName="more",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statements}),
    )
    assert refused() == []
    assert len(account.inbox()) == 1
    account.account.ses("us-east-1").production = False
    account.world.aws.client("sesv2").create_email_identity(EmailIdentity="b@example.net")
    account.account.ses("us-east-1").identities["b@example.net"].verified = True
    assert refused() == [f"ses:SendBulkEmail on resource: {ses}:identity/b@example.net"]


@pytest.mark.parametrize("admitted", [True, False])
def test_what_a_rule_cannot_deliver_goes_to_the_targets_dead_letter_queue(
    account: Demo, admitted: bool
) -> None:
    ses, sqs, bus = production(account), *map(account.world.aws.client, ("sqs", "events"))
    listening(account, "BOUNCE", permitted=False)
    url = sqs.create_queue(QueueName="dead")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    (target,) = bus.list_targets_by_rule(Rule="rule")["Targets"]
    bus.put_targets(Rule="rule", Targets=[{**target, "DeadLetterConfig": {"Arn": queue}}])
    if admitted:
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": queue,
            "Condition": {"ArnEquals": {"aws:SourceArn": bus.describe_rule(Name="rule")["Arn"]}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    bulk(ses, "bounce@simulator.amazonses.com")
    found = sqs.receive_message(QueueUrl=url).get("Messages", [])
    assert [json.loads(one["Body"])["detail-type"] for one in found] == ["Email Bounced"] * admitted
