"""Step 1: which AWS account and Region. It looks and changes nothing."""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass

from msgspec.structs import replace

from wizard.aws import sesv2, sign_in, sts
from wizard.aws.failures import error_code, translated
from wizard.aws.sesv2 import SesAccount
from wizard.aws.sts import Caller
from wizard.errors import ExitCode, WizardError
from wizard.project.schema import Account, Domain, Project
from wizard.steps.account import health as account_health
from wizard.steps.account.health import Trouble
from wizard.steps.model import Status, StepName, StepState, Surroundings
from wizard.world import World

NOT_SWITCHED_ON = {"UnrecognizedClientException", "InvalidClientTokenId", "OptInRequired"}
"""What a Region that the account has not switched on says to credentials that are good elsewhere."""
ALWAYS_ON = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
"""A Region of each partition that no account can switch off."""


@dataclass(frozen=True, slots=True)
class AccountChoices:
    """What there is to choose from, and what is chosen already: by the user, else by the AWS environment.

    ``profile`` None stands for the environment's own credentials (or the default profile). ``regions`` are
    those where SES is offered.
    """

    profiles: tuple[str, ...]
    regions: tuple[str, ...]
    profile: str | None
    region: str | None


@dataclass(frozen=True, slots=True)
class AccountReport:
    """Who calls, in which account and Region, and SES's state there.

    ``how`` says how the credentials come, empty for the embedded account's. ``endpoints`` are those that
    stand in for AWS's own: what sets each, and to where; the embedded account's is not among them.
    ``command`` is how an AWS CLI command begins that reaches the account.
    """

    account_id: str
    caller_arn: str
    profile: str | None
    region: str
    ses: SesAccount
    how: str = ""
    endpoints: tuple[tuple[str, str], ...] = ()
    command: str = "aws"

    @property
    def sandbox(self) -> bool:
        """Whether SES sends to verified addresses alone."""
        return not self.ses.production_access

    @property
    def place(self) -> str:
        """Account and Region, in words."""
        return f"account {self.account_id} in {self.region}"

    @property
    def trouble(self) -> Trouble | None:
        """What is wrong with sending here."""
        return account_health.trouble(self.ses, self.region, self.place, self.command)


def choices(world: World) -> AccountChoices:
    """The profiles and Regions to choose from. Reads AWS's files on this computer, asks no network.

    Raises WizardError where those files cannot be read.
    """
    from botocore.session import Session

    with translated("choosing an account", world.aws.profile):
        # Without a profile, so that there is a choice even where AWS_PROFILE names one that does not exist.
        session = Session(session_vars={"profile": (None, None, None, None)})
        regions = tuple(
            region
            for partition in session.get_available_partitions()
            for region in session.get_available_regions("sesv2", partition)
        )
        if world.aws.keys is not None:
            return AccountChoices((), regions, None, world.aws.region)
        profiles = session.full_config.get("profiles", {})
    said = world.aws.profile
    named = os.environ.get("AWS_DEFAULT_PROFILE") or os.environ.get("AWS_PROFILE") or None
    region = (
        world.aws.region
        or os.environ.get("AWS_REGION")
        or os.environ.get("AWS_DEFAULT_REGION")
        or profiles.get(said or named or "default", {}).get("region")
    )
    # Keys in the environment go before a profile named there, but not before one the user says.
    preselected = said or (None if os.environ.get("AWS_ACCESS_KEY_ID") else named)
    return AccountChoices(tuple(profiles), regions, preselected, region)


def look(world: World) -> AccountReport:
    """Ask AWS who calls and how SES stands.

    Raises WizardError, with exit code OUTSIDE where AWS cannot be asked.
    After credentials were fixed, call it with ``world.choose(…)``: that makes new clients.
    """
    region = region_of(world)
    caller = _caller(world, region)
    seen = AccountReport(
        account_id=caller.account,
        caller_arn=caller.arn,
        profile=world.aws.profile,
        region=region,
        ses=sesv2.get_account(world.aws),
        command=world.aws.command,
    )
    if world.aws.keys is not None:
        return seen
    profile = world.aws.profile
    endpoints = tuple(one for one in sign_in.endpoints(profile) if one[1] != world.aws.endpoint_url)
    return dataclasses.replace(seen, how=sign_in.sign_in(profile).words, endpoints=endpoints)


def _caller(world: World, region: str) -> Caller:
    """Who calls. A Region that is not switched on does not know credentials that are good elsewhere."""
    try:
        return sts.get_caller_identity(world.aws)
    except WizardError as error:
        if error_code(error) not in NOT_SWITCHED_ON:
            raise
        with translated("choosing a Region", world.aws.profile):
            elsewhere = ALWAYS_ON.get(world.aws.session().get_partition_for_region(region))
        try:
            known = elsewhere and sts.get_caller_identity(world.aws, elsewhere)
        except WizardError:
            known = None
        if not known:
            raise
        raise WizardError(
            f"The Region {region} is not switched on",
            f"Account {known.account} knows these credentials, but it has not switched this Region on.",
            "Choose another Region, or switch it on in AWS's account settings (it takes some minutes).",
            ExitCode.OUTSIDE,
        ) from error


def region_of(world: World) -> str:
    """The Region that calls go to. Raises WizardError where nothing names one."""
    from botocore.exceptions import NoCredentialsError

    with translated("choosing a Region", world.aws.profile):
        region = world.aws.region_in_use()
        if region is None and not world.aws.has_credentials():
            # Where both are missing: a Region is chosen in a moment, credentials are not.
            raise NoCredentialsError()
    if region is None:
        raise WizardError(
            "No AWS Region is chosen",
            "Neither the project file, nor the environment, nor the profile names one.",
            "Choose a Region in step 1, or use the option `--region` with its name.",
            ExitCode.OUTSIDE,
        )
    return region


def standing(around: Surroundings) -> StepState:
    """The state of the step, as the survey asks for it."""
    return judge(look(around.world), around.project)


def judge(seen: AccountReport, project: Project, lacks: str = "") -> StepState:
    """Where the step stands: done where it is the project's account and SES may send there.

    Another account holds every other step: what they made and would make is in the project's own. ``lacks``
    are the permissions that are missing, in words (see ``permissions``). They are said, but the step is done
    all the same: what the other steps may do, they do.
    """
    if is_another(seen, project):
        words = (
            f"these credentials are of {seen.place}, but the set-up was made in account {project.account.id}"
        )
        others = tuple(step for step in StepName if step is not StepName.ACCOUNT)
        return StepState(StepName.ACCOUNT, Status.ATTENTION, words, others)
    if trouble := seen.trouble:
        return StepState(StepName.ACCOUNT, Status.ATTENTION, trouble.words, trouble.holds)
    state = "in the sandbox" if seen.sandbox else "production access"
    words = f"{seen.place}, {state}"
    return StepState(StepName.ACCOUNT, Status.DONE, f"{words}; {lacks}" if lacks else words)


def is_another(seen: AccountReport, project: Project) -> bool:
    """Whether ``seen`` is another account than the one the set-up was made in."""
    return project.account.id is not None and project.account.id != seen.account_id


def act(world: World, project: Project, seen: AccountReport, *, take_another: bool = False) -> Project:
    """The project with the decision in it. Changes nothing in AWS.

    With ``take_another`` also where ``seen`` is another account than the one the set-up was made in: then
    what was seen in that one is forgotten, and what the user decided stays. Without it that raises
    WizardError.
    """
    if is_another(seen, project):
        if not take_another:
            raise WizardError(
                "This is another AWS account",
                f"The set-up in this file was made in account {project.account.id}; these credentials are of "
                f"account {seen.account_id}.",
                f"Choose a profile of account {project.account.id}, or use `--file` to start a second file.",
            )
        project = _begun_elsewhere(project)
    decided = replace(project, account=Account(seen.profile, seen.region, seen.account_id))
    if project.account.region not in (None, seen.region):
        domain = {step: evidence for step, evidence in project.progress.items() if step == "domain"}
        decided = replace(_unseen_by_ses(decided), progress=domain)
    standing = judge(seen, decided)
    if standing.status is not Status.DONE:
        return decided.not_done("account")
    return decided.seen_done("account", standing.words, world.now())


def _begun_elsewhere(project: Project) -> Project:
    """The project without anything that was seen in its account: evidence, a registration, SES's word."""
    return replace(_unseen_by_ses(project), domain=Domain(project.domain.name), progress={})


def _unseen_by_ses(project: Project) -> Project:
    """The project without what SES said of it in one account and Region, which says nothing of others."""
    return replace(
        project,
        identity=replace(project.identity, dkim_tokens=(), signing_zone=None, suppression_before=None),
        reminder=replace(project.reminder, tested=None),
        sandbox=project.sandbox.untried,
        production=project.production.unasked,
    )
