"""The YAML file of one set-up: what the user decided, and dated evidence of what was seen.

AWS and DNS stay the truth; the file lets the wizard go on where it stopped. It is written whole (temporary
file, fsync, rename), and never over a file that could not be read. It holds no secret.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta, Struct, field
from msgspec.structs import force_setattr, replace

from wizard.errors import ExitCode, WizardError
from wizard.files import replace_file
from wizard.steps.registry import StepName
from wizard.text import printable

if TYPE_CHECKING:
    import yaml

SCHEMA: Literal[1] = 1
DEFAULT_FILE = Path("ses-wizard.yaml")
DEFAULT_STACK = "ses-wizard-reminder"
"""The stack of the first set-up in an account and Region."""
MAX_BYTES = 1_000_000

HEADER = """\
# The settings and the progress of one ses-wizard set-up. It holds no secret and can be kept in git.
# Every setting is explained in config.example.yaml. Comments of your own are not kept when the wizard saves.
"""

_LABEL = "[a-z0-9]([a-z0-9-]*[a-z0-9])?"
_CONTROL = r"\x00-\x1f\x7f-\x9f"
"""What a terminal would obey."""
_PLAIN = rf"[^@\s{_CONTROL}\"`$;\\\\<>,]+"
_SHAPES = {
    "host": (rf"^{_LABEL}(\.{_LABEL})+$", "a domain name in lower case, such as example.com"),
    "name": (r"^[A-Za-z0-9_-]{1,64}$", "up to 64 letters, digits, hyphens and underscores"),
    "stack": (r"^[A-Za-z][A-Za-z0-9-]{0,39}$", "a letter, then up to 39 letters, digits and hyphens"),
    "address": (rf"^{_PLAIN}@{_PLAIN}$", "one e-mail address"),
    "url": (rf"^https?://[^\s{_CONTROL}\"`$;\\<>]+$", "an address that begins with https:// or http://"),
    "unsubscribe": (
        rf"^(https://[^\s{_CONTROL}\"`$;\\<>]+"
        rf"|mailto:[^\s{_CONTROL}\"`$;\\<>?]+@[^\s{_CONTROL}\"`$;\\<>?]+)$",
        "an address that begins with https:// or mailto:",
    ),
    "table": (r"^[A-Za-z0-9_.-]{3,255}$", "the name of a DynamoDB table"),
    "attribute": (r"^[^\x00-\x1f\x7f]{1,255}$", "the name of an attribute"),
    "region": (r"^[a-z]{2}(-[a-z0-9]+)+-\d$", "an AWS Region, such as us-east-1"),
    "operation": (r"^[A-Za-z0-9-]{1,255}$", "the id of an operation of Route 53 Domains"),
    "account": (r"^\d{12}$", "an AWS account id: 12 digits, in quotes"),
}
"""Patterns for values that end up in AWS calls, and what they ask for in words."""

HostName = Annotated[str, Meta(pattern=_SHAPES["host"][0], max_length=253)]
ResourceName = Annotated[str, Meta(pattern=_SHAPES["name"][0])]
StackName = Annotated[str, Meta(pattern=_SHAPES["stack"][0])]
Address = Annotated[str, Meta(pattern=_SHAPES["address"][0], max_length=320)]
Url = Annotated[str, Meta(pattern=_SHAPES["url"][0], max_length=1000)]
RegionName = Annotated[str, Meta(pattern=_SHAPES["region"][0])]
AccountId = Annotated[str, Meta(pattern=_SHAPES["account"][0])]
Unsubscribe = Annotated[str, Meta(pattern=_SHAPES["unsubscribe"][0], max_length=800)]
TableName = Annotated[str, Meta(pattern=_SHAPES["table"][0])]
Attribute = Annotated[str, Meta(pattern=_SHAPES["attribute"][0])]
Moment = Annotated[datetime, Meta(tz=True)]


class Section(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One section of the file: read-only, and strict about its keys."""


class Account(Section, frozen=True):
    """Which AWS account and Region. Absent values are left to the AWS environment."""

    profile: str | None = None
    region: RegionName | None = None
    id: AccountId | None = None
    """The account the set-up was made in: seen, not chosen. Another one stops the wizard."""


class Registration(Section, frozen=True):
    """A domain being registered in Route 53, until it can be used. Whose it will be stands in no file."""

    name: HostName
    operation: Annotated[str, Meta(pattern=_SHAPES["operation"][0])]
    """AWS's id of the operation: it tells how far it has come."""
    since: Moment


class Domain(Section, frozen=True):
    """Which domain sends, in its A-label form."""

    name: HostName | None = None
    registration: Registration | None = None


class Identity(Section, frozen=True):
    """How the domain's mail is signed and bounced."""

    mail_from: HostName | None = None
    """The full MAIL FROM name, a subdomain of the domain."""
    configuration_set: ResourceName = "ses-wizard"
    dkim_tokens: Annotated[tuple[ResourceName, ...], Meta(max_length=3)] = ()
    """The tokens SES gave, and below the zone with their keys: seen, so that ``check`` can do without AWS."""
    signing_zone: HostName | None = None
    suppression_before: tuple[Literal["BOUNCE", "COMPLAINT"], ...] | None = None
    """The reasons on the account's suppression list before the wizard changed them; None if it did not."""


class Table(Section, frozen=True):
    """A DynamoDB table of the user's own that holds the recipients; it is read, never written."""

    name: TableName
    email: Attribute = "email"
    """The attribute with the address."""
    opted_out: Attribute | None = None
    """The attribute that says true, yes or 1 for those who want no mail."""
    fields: dict[str, Attribute] = field(default_factory=dict)
    """Which attribute fills a field; a field that is not named is filled by the attribute of its name."""


class Reminder(Section, frozen=True):
    """Who gets what, when. Names of fields in the message stand in double braces: ``{{name}}``."""

    stack: StackName = DEFAULT_STACK
    sender: Address | None = None
    sender_name: str = ""
    recipients: str | None = None
    """A CSV file with a header line and an ``email`` column; a relative path is seen from this file."""
    table: Table | None = None
    """A table of the user's own, in place of the CSV file."""
    subject: str = ""
    text: str = ""
    html: str = ""
    schedule: str | None = None
    """An EventBridge Scheduler expression: ``cron(…)``, ``rate(…)`` or ``at(…)``."""
    timezone: str = "UTC"
    start: Moment | None = None
    """No run before this moment."""
    end: Moment | None = None
    """No run after this moment."""
    window_minutes: Annotated[int, Meta(ge=0, le=1440)] = 0
    """EventBridge's flexible time window: a run starts at some moment within so many minutes; 0 is off."""
    paused: bool = False
    unsubscribe: Unsubscribe | None = None
    """Where recipients say that they want no more mail: ``https://…`` (one click by RFC 8058; fields may
    stand in it) or ``mailto:…``."""
    alerts: Address | None = None
    """Who is told of failures, bounces and complaints, by Amazon SNS."""
    tested: Seen | None = None
    """The deployed function sent a test mail: when, and to whom."""


class Seen(Section, frozen=True):
    """Evidence that a step was found done: when, and what was seen."""

    at: Moment
    words: str

    def __post_init__(self) -> None:
        """A file may have been written by anybody; its words are shown as they stand."""
        force_setattr(self, "words", printable(self.words))


StatusKey = Literal["todo", "working", "waiting", "attention", "done"]


class StepSeen(Seen, frozen=True):
    """Where a step stood when it was last looked at: when, and in what words."""

    status: StatusKey = "done"


class Sandbox(Section, frozen=True):
    """What was tried while SES writes to verified addresses alone."""

    address: Address | None = None
    """The user's own address: SES is asked to verify it, and test mail goes there."""
    asked: Moment | None = None
    """When SES was last asked to send the link that verifies it: the link lives for 24 hours."""
    sent: Seen | None = None
    """A test mail was sent through the domain's identity: when, and to whom."""
    read: Seen | None = None
    """The headers of a received test mail were read: when, and what they say of SPF, DKIM and DMARC."""
    passed: bool = False
    """Whether SPF, DKIM and DMARC all passed, and for the domain itself, in what was read."""

    @property
    def untried(self) -> Sandbox:
        """The address alone: what was tried with another domain, account or Region says nothing."""
        return Sandbox(address=self.address)


class Production(Section, frozen=True):
    """What the request to leave the sandbox says, and what became of it."""

    mail_type: Literal["TRANSACTIONAL", "MARKETING"] | None = None
    website: Url | None = None
    contacts: Annotated[tuple[Address, ...], Meta(max_length=4)] = ()
    language: Literal["EN", "JA"] = "EN"
    audience: str = ""
    """Who the recipients are and how they signed up, in the user's words: for the reviewers' questions."""
    case: Annotated[str, Meta(pattern=r"^([0-9a-f]{16})?$")] = ""
    """The digest of the case text as the wizard wrote it: one that differs is the user's, and is kept."""
    asked: Moment | None = None
    """When the request was sent."""
    refused: Seen | None = None
    """AWS said no: when that was seen, and in which case."""
    put_off: Moment | None = None
    """When the user said "not now": nothing asks for it until they take it up again."""
    granted: Moment | None = None
    """When production access was first seen: where the Region is in the sandbox later, that was lost."""

    @property
    def unasked(self) -> Production:
        """The request alone: what became of it in another account or Region says nothing."""
        return replace(self, asked=None, refused=None, put_off=None, granted=None)


class Project(Section, frozen=True):
    """The whole file."""

    schema: Literal[1] = SCHEMA
    account: Account = field(default_factory=Account)
    domain: Domain = field(default_factory=Domain)
    identity: Identity = field(default_factory=Identity)
    reminder: Reminder = field(default_factory=Reminder)
    sandbox: Sandbox = field(default_factory=Sandbox)
    production: Production = field(default_factory=Production)
    progress: dict[StepName, StepSeen] = field(default_factory=dict)

    def seen_done(self, step: str, words: str, at: datetime) -> Project:
        """The project with the evidence that ``step`` is done."""
        return self.seen_so(step, StepSeen(at=at, words=words))

    def seen_so(self, step: str, seen: StepSeen) -> Project:
        """The project with where ``step`` was found: the last known state when nobody can be asked."""
        return replace(self, progress={**self.progress, StepName(step): seen})

    def not_done(self, step: str) -> Project:
        """The project without evidence for ``step``: what was seen is no longer so."""
        return replace(self, progress={key: seen for key, seen in self.progress.items() if key != step})

    def done(self, step: str) -> bool:
        """Whether ``step`` was done when it was last looked at."""
        seen = self.progress.get(StepName(step))
        return seen is not None and seen.status == "done"


def load(path: Path) -> Project:
    """The project in the file at ``path``, or a new one where there is no file.

    Raises WizardError (exit code 2), naming line and key, where the file is not valid.
    """
    raw = read_bytes(path)
    return Project() if raw is None else parse(raw, path)


def read_bytes(path: Path) -> bytes | None:
    """What is in the file at ``path``, None where there is no file. Raises WizardError (exit code 2)."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise WizardError(
            f"{path} could not be read",
            f"{error.strerror}.",
            "Make the file readable, then try again.",
            ExitCode.USAGE,
        ) from error
    if len(raw) > MAX_BYTES:
        raise _invalid(path, "It is larger than 1 MB, so it is not a project file.")
    return raw


def parse(raw: bytes, path: Path) -> Project:
    """The project in the bytes of a file; ``path`` is for messages only. Raises WizardError (exit code 2)."""
    import yaml

    try:
        loader = yaml.SafeLoader(raw)
        node = loader.get_single_node()
        repeated = _repeated_key(node)
        content = loader.construct_document(node) if node and not repeated else None
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise _invalid(path, _syntax_error(error)) from error
    if repeated:
        key, first, second = repeated
        raise _invalid(path, f"{_line(second)}{key}: the key is already in line {first + 1}.")
    if content is None:
        return Project()
    if isinstance(content, dict) and isinstance(content.get("schema"), int) and content["schema"] > SCHEMA:
        raise WizardError(
            f"{path} was written by a newer ses-wizard",
            f"{_line(_line_of(node, ['schema']))}schema is {content['schema']}, and this version reads "
            f"{SCHEMA}. The file was not changed.",
            "Update ses-wizard, then try again.",
            ExitCode.USAGE,
        )
    if isinstance(content, dict) and "schema" not in content:
        raise _invalid(path, "Line 1: the key schema is missing (it should say: schema: 1).")
    try:
        return _migrated(msgspec.convert(content, Project, strict=True))
    except msgspec.ValidationError as error:
        problem, keys = _explain(str(error))
        where = ".".join(str(key) for key in keys) or "the file"
        raise _invalid(path, f"{_line(_line_of(node, keys))}{where}: {problem}.") from error


def _migrated(project: Project) -> Project:
    """``project`` as this version writes it: earlier ones kept the test mail as the reminder's progress."""
    if project.reminder.tested or not project.done("reminder"):
        return project
    seen = project.progress[StepName.REMINDER]
    return replace(project, reminder=replace(project.reminder, tested=Seen(at=seen.at, words="")))


def save(project: Project, path: Path) -> None:
    """Write ``project`` to ``path``, whole or not at all, readable by the user alone.

    Raises WizardError where the file there is not valid (it is left as it is) or the disk refuses.
    """
    load(path)
    write_whole(path, as_yaml(project))


def takes(project: Project) -> bool:
    """Whether a file can hold ``project``: what would be written could be read again.

    A value typed but not finished may be one that ``load`` would refuse: saving it would lock the user out.
    """
    text = as_yaml(project).encode()
    if len(text) > MAX_BYTES:
        return False
    try:
        parse(text, DEFAULT_FILE)
    except WizardError:
        return False
    return True


def as_yaml(project: Project) -> str:
    """The text of the file that holds ``project``. Text of several lines is a block that can be edited."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """One of our own: a representer that is added to yaml's would be everybody's."""

        def ignore_aliases(self, data: object) -> bool:
            """Write a value that occurs twice out both times, not as ``*id001``."""
            return True

    def represent(dumper: Dumper, text: str) -> yaml.ScalarNode:
        # PyYAML reads other line breaks back as \n unless they are escaped, as in double quotes.
        style = '"' if re.search("[\x85\u2028\u2029]", text) else "|" if "\n" in text else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)

    Dumper.add_representer(str, represent)
    content = msgspec.to_builtins(project, builtin_types=(datetime,))
    body = yaml.dump(
        {"schema": SCHEMA, **content}, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=100
    )
    return f"{HEADER}\n{body}"


def write_whole(path: Path, text: str) -> None:
    """Write ``text`` to ``path``, whole or not at all. Raises WizardError."""
    try:
        replace_file(path, text.encode())
    except OSError as error:
        raise WizardError(
            f"{path} could not be written",
            f"{error.strerror or error}. The file was not changed.",
            "Free disk space on its drive."
            if error.errno in (errno.ENOSPC, errno.EDQUOT)
            else "Make the file and its folder writable.",
        ) from error


@contextmanager
def only_wizard(path: Path) -> Iterator[None]:
    """Hold the lock that goes with the file at ``path``; another thread may let go of it.

    Raises WizardError where another wizard has it.
    """
    import filelock

    lock = filelock.FileLock(path.with_name(f"{path.name}.lock"), timeout=0, thread_local=False)
    try:
        lock.acquire()
    except filelock.Timeout as error:
        raise WizardError(
            f"Another ses-wizard is open on {path}",
            "Two wizards on one file would undo each other's work.",
            "Close the other one, or use `--file` to name another file.",
        ) from error
    except OSError as error:
        raise WizardError(
            f"The folder of {path} cannot be used",
            f"{error.strerror}.",
            "Start in a folder you can write to, or use `--file` to name a file elsewhere.",
            ExitCode.USAGE,
        ) from error
    try:
        yield
    finally:
        lock.release()
        with suppress(OSError):
            Path(lock.lock_file).unlink(missing_ok=True)


def _invalid(path: Path, what: str) -> WizardError:
    return WizardError(
        f"{path} is not valid", what, "Fix that line, or move the file away to start over.", ExitCode.USAGE
    )


def _line(number: int | None) -> str:
    return "" if number is None else f"Line {number + 1}: "


_SYNTAX = (
    ("mapping values are not allowed", "a second `:` in one value: put the value in quotes"),
    (
        "that cannot start any token",
        "a tab or another character that YAML does not allow: indent with spaces",
    ),
    ("could not find expected ':'", "expected `key: value`"),
    ("did not find expected", "the indentation does not fit the lines above"),
    ("expected <block end>", "the indentation does not fit the lines above"),
    ("unhashable key", "a value that begins with `{{`: put the value in quotes"),
)
"""What PyYAML says of common mistakes, and what it means."""
_TYPES = {
    "object": "settings, each as `key: value`",
    "array": "a list",
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "null": "nothing",
    "datetime": "a date and time with its time zone",
}


def _syntax_error(error: Exception) -> str:
    """What is wrong with text that is not YAML, and in which line."""
    problem = str(getattr(error, "problem", None) or "")
    context, begun = str(getattr(error, "context", None) or ""), getattr(error, "context_mark", None)
    mark = getattr(error, "problem_mark", None)
    if begun and ("flow" in context or "quoted" in context):
        return f"{_line(begun.line)}a bracket or quote that opens here is not closed."
    words = next((words for said, words in _SYNTAX if said in problem), problem or "it is not YAML in UTF-8")
    return f"{_line(mark.line) if mark else ''}{words}."


def _explain(message: str) -> tuple[str, list[str | int]]:
    """A msgspec message as (problem in words, keys that lead to the value)."""
    problem, _, path = message.partition(" - at `")
    keys: list[str | int] = [
        int(index) if index else name for name, index in re.findall(r"\.(\w+)|\[(\d+)\]", path.rstrip("`"))
    ]
    unknown = re.match(r"Object contains unknown field `(.*)`", problem)
    if unknown:
        return "there is no such setting", [*keys, unknown.group(1)]
    for pattern, words in _SHAPES.values():
        if f"regex {pattern!r}" in problem:
            return f"expected {words}", keys
    if types := re.fullmatch(r"Expected `([\w| ]+)`, got `(\w+)`", problem):
        wanted = next(kind for kind in types[1].split(" | ") if kind != "null")
        return f"expected {_TYPES.get(wanted, wanted)}, found {_TYPES.get(types[2], types[2])}", keys
    if limit := re.fullmatch(r"Expected `int` ([<>]=) (\d+)", problem):
        return f"expected a whole number of {limit[2]} or {'less' if limit[1] == '<=' else 'more'}", keys
    if "RFC3339" in problem:
        return "expected a date and time with its time zone, such as 2027-01-31T09:00:00Z", keys
    if value := re.fullmatch(r"Invalid enum value (.*)", problem):
        return f"{value[1]} is not one of the values that config.example.yaml names", keys
    return problem[0].lower() + problem[1:].replace("`", "").replace(" | null", ""), keys


def _repeated_key(node: yaml.Node | None) -> tuple[str, int, int] | None:
    """A key that a mapping has twice, and both lines (from 0). PyYAML alone would drop the first silently."""
    import yaml

    waiting, seen = [node], set[int]()
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue  # An alias stands for a node that was looked at.
        seen.add(id(one))
        lines: dict[object, int] = {}
        if isinstance(one, yaml.MappingNode):
            for key, value in one.value:
                if isinstance(key, yaml.ScalarNode):
                    if key.value in lines:
                        return printable(str(key.value), 100), lines[key.value], key.start_mark.line
                    lines[key.value] = key.start_mark.line
                waiting.append(value)
        elif isinstance(one, yaml.SequenceNode):
            waiting += one.value
    return None


def _line_of(node: yaml.Node | None, keys: list[str | int]) -> int | None:
    """The line (from 0) of the value that ``keys`` lead to, or of the last one on the way that exists."""
    import yaml

    line = node.start_mark.line if node else None
    for key in keys:
        children: Mapping[object, yaml.Node] = {}
        lines: dict[object, int] = {}
        if isinstance(node, yaml.MappingNode):
            children = {name.value: value for name, value in node.value}
            lines = {name.value: name.start_mark.line for name, _ in node.value}
        elif isinstance(node, yaml.SequenceNode):
            children = dict(enumerate(node.value))
            lines = {index: child.start_mark.line for index, child in enumerate(node.value)}
        if key not in children:
            return line
        node, line = children[key], lines[key]
    return line
