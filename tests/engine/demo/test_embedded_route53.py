"""The embedded Route 53: what it refuses, and that the DNS serves what it has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dns.message
import dns.query
import dns.rcode
import pytest
from botocore.exceptions import ClientError

from wizard.demo import Demo
from wizard.dns.records import Record, RecordId

if TYPE_CHECKING:
    from types_boto3_route53 import Route53Client

NAME = "bounce.example.org"


@pytest.fixture
def route53(account: Demo) -> Route53Client:
    client: Route53Client = account.world.aws.client("route53")
    return client


def zone_id(route53: Route53Client) -> str:
    (zone,) = route53.list_hosted_zones()["HostedZones"]
    assert (zone["Name"], zone["Config"]["PrivateZone"]) == ("example.org.", False)
    return zone["Id"].removeprefix("/hostedzone/")


def change(action: str, rdtype: str, *values: str, name: str = NAME, ttl: int = 300) -> Any:
    rows = [{"Value": value} for value in values]
    return {
        "Action": action,
        "ResourceRecordSet": {"Name": name, "Type": rdtype, "TTL": ttl, "ResourceRecords": rows},
    }


def send(route53: Route53Client, *changes: Any) -> None:
    route53.change_resource_record_sets(HostedZoneId=zone_id(route53), ChangeBatch={"Changes": list(changes)})


def refusal(route53: Route53Client, *changes: Any) -> str:
    with pytest.raises(ClientError) as caught:
        send(route53, *changes)
    assert caught.value.response["Error"]["Code"] == "InvalidChangeBatch"
    return caught.value.response["Error"]["Message"]


def standing(route53: Route53Client, name: str = NAME) -> dict[str, list[str]]:
    listed = route53.list_resource_record_sets(HostedZoneId=zone_id(route53))["ResourceRecordSets"]
    return {
        found["Type"]: [row["Value"] for row in found["ResourceRecords"]]
        for found in listed
        if found["Name"] == f"{name}."
    }


def asked(account: Demo, name: str, rdtype: str) -> set[str]:
    query = dns.message.make_query(name, rdtype)
    reply = dns.query.udp(query, account.account.dns.address, port=account.account.dns.port, timeout=2)
    return {rdata.to_text() for rrset in reply.answer for rdata in rrset}


def test_the_dns_serves_what_the_zone_has(account: Demo, route53: Route53Client) -> None:
    send(
        route53,
        change("CREATE", "MX", "10 feedback-smtp.us-east-1.amazonses.com"),
        change("CREATE", "TXT", '"v=spf1 include:amazonses.com ~all"'),
    )
    assert asked(account, NAME, "MX") == {"10 feedback-smtp.us-east-1.amazonses.com."}
    assert asked(account, NAME, "TXT") == {'"v=spf1 include:amazonses.com ~all"'}
    servers = {f"{name.rstrip('.')}." for name in standing(route53, "example.org")["NS"]}
    assert asked(account, "example.org", "NS") == servers
    send(route53, change("DELETE", "TXT", '"v=spf1 include:amazonses.com ~all"'))
    assert asked(account, NAME, "TXT") == set()


@pytest.mark.parametrize(
    ("batch", "words"),
    [
        ([change("CREATE", "MX", "20 other.example.org")], "but it already exists"),
        ([change("CREATE", "CNAME", "other.example.org")], "conflicts with other records"),
        ([change("DELETE", "TXT", '"nothing"')], "but it was not found"),
        ([change("DELETE", "MX", "20 mx.example.org")], "do not match the current values"),
        ([change("UPSERT", "TXT", "bare text")], "enclosed in quotation marks"),
        ([change("CREATE", "A", "127.0.0.1", name="example.com")], "is not permitted in zone example.org."),
    ],
)
def test_impossible_batches_change_nothing(route53: Route53Client, batch: list[Any], words: str) -> None:
    send(route53, change("CREATE", "MX", "10 mx.example.org"))
    possible = change("CREATE", "A", "127.0.0.1", name="www.example.org")
    assert words in refusal(route53, possible, *batch)
    assert standing(route53) == {"MX": ["10 mx.example.org"]}
    assert standing(route53, "www.example.org") == {}


def test_a_batch_may_replace_an_alias_by_its_order(route53: Route53Client) -> None:
    send(route53, change("CREATE", "CNAME", "old.example.org"))
    send(route53, change("DELETE", "CNAME", "old.example.org"), change("CREATE", "MX", "10 mx.example.org"))
    assert standing(route53) == {"MX": ["10 mx.example.org"]}
    send(route53, change("UPSERT", "MX", "20 mx.example.org"))
    assert standing(route53) == {"MX": ["20 mx.example.org"]}


def test_publishing_by_hand_goes_to_the_hosted_zone(account: Demo, route53: Route53Client) -> None:
    spf = Record(RecordId.SPF, "example.org", "TXT", "v=spf1 include:amazonses.com ~all", required=False)
    send(route53, change("CREATE", "TXT", '"v=spf1 mx ~all"', '"other"', name="example.org"))
    account.publish([spf])
    assert sorted(standing(route53, "example.org")["TXT"]) == sorted(
        ['"other"', '"v=spf1 include:amazonses.com ~all"']
    )


def test_a_name_outside_the_story_cannot_be_published(account: Demo) -> None:
    with pytest.raises(ValueError, match="in none of the demo's domains"):
        account.publish([Record(RecordId.SPF, "example.edu", "TXT", "v=spf1 -all")])


def test_ses_publishes_its_own_side(account: Demo) -> None:
    ses = account.world.aws.client("sesv2")
    dkim = ses.create_email_identity(EmailIdentity="example.org")["DkimAttributes"]
    keys = [asked(account, f"{token}.{dkim['SigningHostedZone']}", "TXT") for token in dkim["Tokens"]]
    assert all(len(key) == 1 for key in keys)
    assert len(set.union(*keys)) == 3
    (spf,) = asked(account, "amazonses.com", "TXT")
    assert "v=spf1 ip4:" in spf


def test_each_key_is_an_rsa_key_of_2048_bits() -> None:
    import base64

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    from wizard.demo.dns.zones import public_key

    key = load_der_public_key(base64.b64decode(public_key("token").removeprefix("p=")))
    assert isinstance(key, RSAPublicKey)
    assert key.key_size == 2048
